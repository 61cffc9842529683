// Dies in the way that its argument names.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

func main() {
	time.Sleep(300 * time.Millisecond)
	switch os.Args[1] {
	case "panic":
		go func() { panic("nobody recovers this") }()
		time.Sleep(time.Second)
	case "number":
		panic(-7)
	case "error":
		go func() { panic(fmt.Errorf("no %s", "such thing")) }()
		time.Sleep(time.Second)
	case "nil-map":
		var m map[string]int
		m["a"] = 1
	case "struct":
		panic(struct{ a, b int }{1, 2})
	case "deadlock":
		make(chan int) <- 1
	case "throw":
		var lock sync.Mutex
		lock.Unlock()
	}
}
