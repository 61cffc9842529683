// Each image has memory that is to be released with it. The finalizer gets the image as its argument.
package main

import (
	"runtime"
	"time"
)

type image struct {
	pixels [64 << 10]byte
	name   string
}

var released = make(chan string, 100)

func open(name string) *image {
	opened := &image{name: name}
	where := released
	runtime.SetFinalizer(opened, func(closed *image) {
		select {
		case where <- closed.name:
		default:
		}
	})
	return opened
}

func main() {
	for {
		open("map").pixels[0] = 1
		time.Sleep(10 * time.Millisecond)
	}
}
