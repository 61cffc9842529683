// Handles messages, each in a goroutine of its own; one of them is malformed.
package main

import (
	"fmt"
	"strings"
	"time"
)

// price reads "NAME PRICE".
func price(message string) string {
	words := strings.Split(message, " ")
	return words[1]
}

func handle(message string) {
	fmt.Println(price(message))
}

func main() {
	for i := 0; ; i++ {
		message := fmt.Sprintf("apple %d", i)
		if i == 30 {
			message = "pear"
		}
		go handle(message)
		time.Sleep(100 * time.Millisecond)
	}
}
