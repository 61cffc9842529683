// Threads that wait in different calls, a few C functions deep; the names say who calls whom. Built
// with debug information. `ready` on standard output says that they are on their way.
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile int after;  // written behind each call, so that none becomes a jump
static int pipe_ends[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

__attribute__((noinline)) static void sleep_inner(void) {
  usleep(1000 * 1000 * 1000);  // line: sleep_inner
  after = 1;
}
__attribute__((noinline)) static void sleep_outer(void) {
  sleep_inner();  // line: sleep_outer
  after = 2;
}
static void* sleeper(void* name) {
  prctl(PR_SET_NAME, name);
  sleep_outer();
  after = 3;
  return NULL;
}

__attribute__((noinline)) static void read_inner(void) {
  char byte;
  after = (int)read(pipe_ends[0], &byte, 1);
}
static void* reader(void* name) {
  prctl(PR_SET_NAME, name);
  read_inner();
  after = 4;
  return NULL;
}

__attribute__((noinline)) static void wait_inner(void) {
  pthread_mutex_lock(&lock);
  pthread_cond_wait(&never, &lock);
  pthread_mutex_unlock(&lock);
}
static void* waiter(void* name) {
  prctl(PR_SET_NAME, name);
  wait_inner();
  after = 5;
  return NULL;
}

// Its frame has no fixed size: its base is a register that only it knows.
__attribute__((noinline)) static void sized_by_caller(size_t size) {
  char* room = alloca(size);
  memset(room, 1, size);
  sleep_inner();
  after = room[size / 2];
}
static void* sized(void* name) {
  prctl(PR_SET_NAME, name);
  sized_by_caller((size_t)getpid() % 100 + 1000);
  after = 6;
  return NULL;
}

static void* spinner(void* name) {
  prctl(PR_SET_NAME, name);
  if (nice(19) == -1) return NULL;  // of this thread alone, and -1 is no niceness that it can have
  while (1) after = 7;
  return NULL;
}

// Its table of lines ends with one that has no code, as behind a call of abort.
__attribute__((used, section(".text.unlikely"))) static void unlikely(void) {
  __asm__ volatile("nop\n\t.loc 1 1\n\t.loc 1 1");
  __builtin_unreachable();
}
void* unlined(void* name);  // without_lines.c, behind it

int main(void) {
  pthread_t thread;
  if (pipe(pipe_ends) != 0) return 1;
  pthread_create(&thread, NULL, sleeper, "sleeper");
  pthread_create(&thread, NULL, reader, "reader");
  pthread_create(&thread, NULL, unlined, "unlined");
  pthread_create(&thread, NULL, waiter, "waiter");
  pthread_create(&thread, NULL, sized, "sized");
  pthread_create(&thread, NULL, spinner, "spinner");
  puts("ready");
  fflush(stdout);
  pause();
  return 0;
}
