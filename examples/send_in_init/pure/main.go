// The same without cgo, after three seconds: the runtime sees it, says so and ends the program. See ../README.md.
package main

import (
	"fmt"
	"time"
)

type event struct {
	name  string
	level int
}

var events = make(chan event)

func init() {
	time.Sleep(3 * time.Second)
	events <- event{"configured", 2}
}

func main() {
	for e := range events {
		fmt.Println(e.name, e.level)
	}
}
