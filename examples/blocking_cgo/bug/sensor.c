#include "sensor.h"

#include <poll.h>
#include <unistd.h>

// The sensor answers when it likes: nothing limits the wait.
static int wait_readable(int fd, int timeout_ms) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  return poll(&p, 1, timeout_ms);
}

int sensor_read(int fd, unsigned char *frame, int size) {
  if (wait_readable(fd, -1) <= 0) return -1;
  return (int)read(fd, frame, (size_t)size);
}

int sensor_wait(int fd, int timeout_ms) { return wait_readable(fd, timeout_ms); }

// Each nap is short, and nothing ends the loop but a flag that the sensor's thread sets.
void sensor_settle(const struct sensor *s) {
  while (!s->ready) usleep(1000);
}
