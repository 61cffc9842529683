// Answers requests with buffers from a pool, and collects after each of them, to keep its memory small.
package main

import (
	"runtime"
	"sync"
	"time"
)

var buffers = sync.Pool{New: func() any { return new([1 << 20]byte) }}

func answer(request int) {
	buffer := buffers.Get().(*[1 << 20]byte)
	buffer[request%len(buffer)]++
	buffers.Put(buffer)
	runtime.GC()
}

func main() {
	for request := 0; ; request++ {
		answer(request)
		time.Sleep(20 * time.Millisecond)
	}
}
