#include "client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct client {
  pthread_mutex_t lock;
  pthread_cond_t answered;
  int answers; /* none ever comes: the service is down */
};

struct client *client_new(void) {
  struct client *c = calloc(1, sizeof *c);
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->answered, NULL);
  return c;
}

static int wait_for_answer(struct client *c, int timeout_ms) {
  struct timespec end;
  int error = 0;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_nsec += timeout_ms * 1000000L;
  end.tv_sec += end.tv_nsec / 1000000000;
  end.tv_nsec %= 1000000000;
  pthread_mutex_lock(&c->lock);
  while (c->answers == 0 && error == 0)
    error = pthread_cond_timedwait(&c->answered, &c->lock, &end);
  if (error == 0) c->answers--;
  pthread_mutex_unlock(&c->lock);
  return error;
}

int client_get(struct client *c, const char *key, char *value, int size, int timeout_ms) {
  if (wait_for_answer(c, timeout_ms) != 0) return -1;
  return snprintf(value, size, "value of %s", key);
}
