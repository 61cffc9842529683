// Each image has memory that is to be released with it. The finalizer knows the image by its own name.
package main

import (
	"runtime"
	"time"
)

type image struct {
	pixels [64 << 10]byte
	name   string
}

var released int

func (i *image) release() { released++ }

func open(name string) *image {
	opened := &image{name: name}
	runtime.SetFinalizer(opened, func(*image) { opened.release() })
	return opened
}

func main() {
	for {
		open("map").pixels[0] = 1
		time.Sleep(10 * time.Millisecond)
	}
}
