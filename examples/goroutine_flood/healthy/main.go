// Takes in measurements, many more of them, and never stores more than 100 at once: when the store is slow, they wait where they come in.
package main

import (
	"sync/atomic"
	"time"
)

var (
	stored  int64
	storing = make(chan bool, 100)
)

func store(measurement int) {
	atomic.AddInt64(&stored, int64(measurement))
	<-storing
}

func main() {
	for {
		for i := 0; i < 600; i++ {
			storing <- true
			go store(i)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
