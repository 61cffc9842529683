#ifndef SENSOR_H
#define SENSOR_H

int sensor_parse(const unsigned char *frame, int size);

#endif
