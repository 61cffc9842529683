// Two writers share a slow disk, and wait for its lock. A third goroutine computes, and gives way to them every now and then.
package main

import (
	"runtime"
	"sync"
	"time"
)

var (
	disk         sync.Mutex
	written, sum int
)

func write() {
	disk.Lock()
	defer disk.Unlock()
	time.Sleep(200 * time.Millisecond)
	written++
}

func compute() {
	for {
		for i := 0; i < 1000000; i++ {
			sum += i * i
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
}

func main() {
	for i := 0; i < 2; i++ {
		go func() {
			for {
				write()
			}
		}()
	}
	compute()
}
