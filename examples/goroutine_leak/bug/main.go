// A search that asks two replicas and takes the answer that comes first. Whoever comes second sends to a channel that nobody
// receives from any more, and waits there for ever. See ../README.md.
package main

import (
	"fmt"
	"time"
)

func ask(replica int, answers chan<- string) {
	time.Sleep(time.Duration(replica+1) * time.Millisecond)
	answers <- fmt.Sprint("from replica ", replica)
}

func search() string {
	answers := make(chan string)
	for replica := 0; replica < 2; replica++ {
		go ask(replica, answers)
	}
	return <-answers
}

func main() {
	for {
		search()
		time.Sleep(10 * time.Millisecond)
	}
}
