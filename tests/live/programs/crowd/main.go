// A hundred thousand goroutines, which come and go all the time.
package main

import (
	"fmt"
	"time"
)

func visit(depth int, tickets chan bool) {
	if depth > 0 {
		visit(depth-1, tickets)
		return
	}
	time.Sleep(time.Millisecond)
	<-tickets
}

func main() {
	tickets := make(chan bool, 100000)
	fmt.Println("ready")
	for i := 0; ; i++ {
		tickets <- true
		go visit(i%40, tickets)
	}
}
