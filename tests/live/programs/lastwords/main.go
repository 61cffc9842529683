// Dies in the way that its argument names.
package main

import (
	"os"
	"sync"
	"time"
)

func main() {
	time.Sleep(300 * time.Millisecond)
	switch os.Args[1] {
	case "panic":
		go func() { panic("nobody recovers this") }()
		time.Sleep(time.Second)
	case "deadlock":
		make(chan int) <- 1
	case "throw":
		var lock sync.Mutex
		lock.Unlock()
	}
}
