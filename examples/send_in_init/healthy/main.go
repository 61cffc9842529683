// The channel has room for what is sent before main receives. See ../README.md.
package main

// static int level(void) { return 2; }
import "C"

import (
	"fmt"
	"time"
)

type event struct {
	name  string
	level int
}

var events = make(chan event, 16)

func init() {
	events <- event{"configured", int(C.level())}
}

func main() {
	time.AfterFunc(time.Minute, func() { close(events) })
	for e := range events {
		fmt.Println(e.name, e.level)
	}
}
