// A search that asks two replicas and takes the answer that comes first. The channel has room for both, so that nobody waits.
// See ../README.md.
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
	answers := make(chan string, 2)
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
