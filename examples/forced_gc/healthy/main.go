// Answers requests with buffers from a pool, says once what its memory may be, and collects only before it measures, every ten seconds.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

var buffers = sync.Pool{New: func() any { return new([1 << 20]byte) }}

func answer(request int) {
	buffer := buffers.Get().(*[1 << 20]byte)
	buffer[request%len(buffer)]++
	buffers.Put(buffer)
}

func main() {
	debug.SetMemoryLimit(64 << 20)
	for request := 0; ; request++ {
		answer(request)
		time.Sleep(20 * time.Millisecond)
		if request%500 == 499 {
			var memory runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&memory)
			fmt.Println(memory.HeapAlloc, "bytes live")
		}
	}
}
