// A reader waits until the configuration has been loaded, by looking all the time.
package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

var loaded int32

func load() {
	time.Sleep(time.Hour) // the server that has it does not answer
	atomic.StoreInt32(&loaded, 1)
}

func read() {
	for atomic.LoadInt32(&loaded) == 0 {
	}
	fmt.Println("configured")
}

func main() {
	go load()
	go read()
	for {
		time.Sleep(100 * time.Millisecond)
	}
}
