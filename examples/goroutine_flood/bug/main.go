// Takes in measurements, and stores each in a goroutine of its own. The store is slower than they come.
package main

import (
	"sync"
	"time"
)

var (
	disk   sync.Mutex
	stored int
)

func store(measurement int) {
	disk.Lock()
	defer disk.Unlock()
	time.Sleep(5 * time.Millisecond)
	stored += measurement
}

func main() {
	for {
		for i := 0; i < 60; i++ {
			go store(i)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
