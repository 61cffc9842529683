// A consumer that gives up when no message comes for a minute. It makes a new timer for each message that does come, and leaves
// the old one behind. See ../README.md.
package main

import (
	"fmt"
	"time"
)

func produce(messages chan<- int) {
	for i := 0; ; {
		for end := i + 100; i < end; i++ {
			messages <- i
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func consume(messages <-chan int) {
	for {
		select {
		case <-messages:
		case <-time.After(time.Minute):
			fmt.Println("no message for a minute")
			return
		}
	}
}

func main() {
	messages := make(chan int)
	go produce(messages)
	consume(messages)
}
