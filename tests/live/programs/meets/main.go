// Three goroutines that wait in C. The lint sees two of the calls; the third goes through an address that only the dynamic
// linker knows.
package main

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

static int wait_readable(struct pollfd *fds, int count) { return poll(fds, count, -1); }

static int take(struct pollfd *fds, int count) { return wait_readable(fds, count); }

static void hidden(int seconds) {
	unsigned (*wait)(unsigned) = (unsigned (*)(unsigned))dlsym(RTLD_DEFAULT, "sleep");
	wait(seconds);
}
*/
import "C"

import (
	"os"
	"time"
)

type device struct{ fds [2]C.struct_pollfd }

func (d *device) take() {
	func() {
		C.take( // the call with a pointer, which cgo makes a closure of
			&d.fds[0],
			C.int(len(d.fds)),
		)
	}()
}

func main() {
	r, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	d := &device{}
	for i := range d.fds {
		d.fds[i].fd = C.int(r.Fd())
		d.fds[i].events = C.POLLIN
	}
	go d.take()
	go func() { C.sleep(60) }()
	go C.hidden(60)
	for i := 0; i < 3; i++ {
		C.usleep(1000)
	}
	time.Sleep(time.Minute)
}
