#ifndef SENSOR_H
#define SENSOR_H

struct sensor {
  volatile int ready;
};

int sensor_read(int fd, unsigned char *frame, int size);
int sensor_wait(int fd, int timeout_ms);
void sensor_settle(const struct sensor *s);

#endif
