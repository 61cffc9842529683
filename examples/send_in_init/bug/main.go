// An init function sends on a channel from which only main will receive. The program uses cgo, so the runtime does not see that
// it can never go on, and it hangs in silence before main has begun. See ../README.md.
package main

// static int level(void) { return 2; }
import "C"

import "fmt"

type event struct {
	name  string
	level int
}

var events = make(chan event)

func init() {
	events <- event{"configured", int(C.level())}
}

func main() {
	for e := range events {
		fmt.Println(e.name, e.level)
	}
}
