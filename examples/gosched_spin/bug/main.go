// Two writers share a slow disk, and try again and again until they get its lock.
package main

import (
	"runtime"
	"sync"
	"time"
)

var (
	disk    sync.Mutex
	written int
)

func write() {
	for !disk.TryLock() {
		runtime.Gosched()
	}
	defer disk.Unlock()
	time.Sleep(200 * time.Millisecond)
	written++
}

func main() {
	for i := 0; i < 2; i++ {
		go func() {
			for {
				write()
			}
		}()
	}
	select {}
}
