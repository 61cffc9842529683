// Each image says when it is released, to whoever listens. Nobody does.
package main

import (
	"runtime"
	"time"
)

type image struct {
	pixels [16 << 10]byte
	name   string
}

var released = make(chan string)

func release(closed *image) {
	released <- closed.name
}

func open(name string) *image {
	opened := &image{name: name}
	runtime.SetFinalizer(opened, release)
	return opened
}

func main() {
	for {
		open("map").pixels[0] = 1
		time.Sleep(10 * time.Millisecond)
	}
}
