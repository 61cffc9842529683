// Built without debug information.
#define _DEFAULT_SOURCE
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile int after;

#define BEHIND __attribute__((noinline, section(".text.unlikely")))

BEHIND static void unlined_inner(void) {
  usleep(1000 * 1000 * 1000);
  after = 1;
}
BEHIND void* unlined(void* name) {
  prctl(PR_SET_NAME, name);
  unlined_inner();
  after = 2;
  return NULL;
}
