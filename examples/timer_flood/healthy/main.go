// The same consumer with one timer, which it sets again after each message.
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
	silence := time.NewTimer(time.Minute)
	for {
		select {
		case <-messages:
			if !silence.Stop() {
				select {
				case <-silence.C:
				default:
				}
			}
			silence.Reset(time.Minute)
		case <-silence.C:
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
