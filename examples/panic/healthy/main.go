// Handles messages, each in a goroutine of its own; one of them is malformed, and is told as that.
package main

import (
	"fmt"
	"log"
	"strings"
	"time"
)

// price reads "NAME PRICE".
func price(message string) string {
	words := strings.Split(message, " ")
	return words[1]
}

func handle(message string) {
	defer func() {
		if failure := recover(); failure != nil {
			log.Printf("cannot handle %q: %v", message, failure)
		}
	}()
	fmt.Println(price(message))
}

func main() {
	for i := 0; ; i++ {
		message := fmt.Sprintf("apple %d", i)
		if i%30 == 29 {
			message = "pear"
		}
		go handle(message)
		time.Sleep(100 * time.Millisecond)
	}
}
