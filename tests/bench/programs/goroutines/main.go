// So many goroutines wait, and one measures by how much a sleep of a millisecond is late: a line with the greatest lateness in
// microseconds, every second.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func wait(never chan int) { <-never }

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	never := make(chan int)
	for i := 0; i < count; i++ {
		go wait(never)
	}
	time.Sleep(time.Second)
	for {
		var latest time.Duration
		for end := time.Now().Add(time.Second); time.Now().Before(end); {
			begun := time.Now()
			time.Sleep(time.Millisecond)
			latest = max(latest, time.Since(begun)-time.Millisecond)
		}
		fmt.Println(latest.Microseconds())
	}
}

func max(a, b time.Duration) time.Duration {
	if a > b {
		return a
	}
	return b
}
