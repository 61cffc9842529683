// A program whose goroutines wait in C: each of them holds an OS thread for as long as it waits.
package main

/*
#include <unistd.h>
#include "sensor.h"

// A warm-up of half a minute, by the data sheet.
static void warm_up(void) {
	sleep(30);
}
*/
import "C"

import (
	"fmt"
	"os"
	"sync"
	"unsafe"
)

const sensors = 8

func readFrames(r *os.File, done *sync.WaitGroup) {
	defer done.Done()
	frame := make([]byte, 64)
	n := C.sensor_read(C.int(r.Fd()), (*C.uchar)(unsafe.Pointer(&frame[0])), C.int(len(frame)))
	fmt.Println("frame of", n, "bytes")
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "cold" {
		C.warm_up()
		s := &C.struct_sensor{}
		C.sensor_settle(s)
	}
	var done sync.WaitGroup
	var first *os.File
	var writers []*os.File
	for i := 0; i < sensors; i++ {
		r, w, err := os.Pipe()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if first == nil {
			first = r
		}
		writers = append(writers, w)
		done.Add(1)
		go readFrames(r, &done)
	}
	C.sensor_wait(C.int(first.Fd()), 5000) // nothing comes: the sensors start after five seconds
	for _, w := range writers {
		w.Write([]byte("frame"))
	}
	done.Wait()
}
