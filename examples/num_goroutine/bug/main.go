// A goroutine that says it is done before it has ended, and never ends: deferred calls run last to first, so its result is sent
// after Done, and who waited for Done receives nothing. See ../README.md.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

func download(name string, all *sync.WaitGroup, finished chan<- string) {
	defer func() { finished <- name }()
	defer all.Done()
	time.Sleep(10 * time.Millisecond)
}

func main() {
	finished := make(chan string)
	var all sync.WaitGroup
	all.Add(1)
	go download("index.html", &all, finished)
	all.Wait()
	fmt.Println("at once after Wait:", runtime.NumGoroutine())
	time.Sleep(100 * time.Millisecond)
	fmt.Println("100 ms later:", runtime.NumGoroutine())
	time.Sleep(time.Minute)
	fmt.Println(<-finished)
}
