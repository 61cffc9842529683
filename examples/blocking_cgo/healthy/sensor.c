#include "sensor.h"

int sensor_parse(const unsigned char *frame, int size) {
  int sum = 0;
  for (int i = 0; i < size; i++) sum += frame[i];
  return sum;
}
