// Done is the last thing that each goroutine does. The number is 1 a moment after Wait; at once, it may still be 2, since a
// goroutine has a few steps to go after Done. See ../README.md.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

func download(name string, all *sync.WaitGroup, finished chan<- string) {
	defer all.Done()
	finished <- name
}

func main() {
	finished := make(chan string, 1)
	var rounds [3]int
	for round := 0; round < 100000; round++ {
		var all sync.WaitGroup
		all.Add(1)
		go download("index.html", &all, finished)
		<-finished
		all.Wait()
		rounds[runtime.NumGoroutine()]++
	}
	fmt.Println("at once after Wait: 1 in", rounds[1], "rounds, 2 in", rounds[2])
	time.Sleep(100 * time.Millisecond)
	fmt.Println("100 ms later:", runtime.NumGoroutine())
	time.Sleep(time.Minute)
}
