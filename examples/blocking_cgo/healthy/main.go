// The same program with the waits in Go, where a goroutine that waits holds no thread and a deadline or a context can end it. C only works on
// bytes that are there.
package main

/*
#include <poll.h>
#include <unistd.h>
#include "sensor.h"

// Is there something to read right now? Never waits.
static int readable(int fd) {
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, 0);
}

static void short_nap(void) {
	usleep(200);
}
*/
import "C"

import (
	"fmt"
	"os"
	"sync"
	"time"
	"unsafe"
)

const sensors = 8

func readFrames(r *os.File, done *sync.WaitGroup) {
	defer done.Done()
	frame := make([]byte, 64)
	r.SetReadDeadline(time.Now().Add(10 * time.Second)) // Go's netpoller waits, not a thread
	n, err := r.Read(frame)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	sum := C.sensor_parse((*C.uchar)(unsafe.Pointer(&frame[0])), C.int(n))
	fmt.Println("frame of", n, "bytes, sum", sum)
}

func main() {
	var done sync.WaitGroup
	var writers []*os.File
	for i := 0; i < sensors; i++ {
		r, w, err := os.Pipe()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		writers = append(writers, w)
		done.Add(1)
		go readFrames(r, &done)
	}
	C.short_nap()
	if C.readable(C.int(os.Stdin.Fd())) < 0 {
		fmt.Fprintln(os.Stderr, "poll failed")
	}
	time.Sleep(5 * time.Second) // the sensors start after five seconds
	for _, w := range writers {
		w.Write([]byte("frame"))
	}
	done.Wait()
}
