// Two goroutines that take two locks in two orders. The program uses cgo, so the runtime does not see that none of them can go
// on, and it hangs in silence. See ../README.md.
package main

// static int twice(int x) { return 2 * x; }
import "C"

import (
	"fmt"
	"sync"
	"time"
)

type account struct {
	mutex   sync.Mutex
	balance int
}

func transfer(from, to *account, amount int) {
	from.mutex.Lock()
	defer from.mutex.Unlock()
	time.Sleep(10 * time.Millisecond)
	to.mutex.Lock()
	defer to.mutex.Unlock()
	from.balance -= amount
	to.balance += amount
}

func main() {
	var a, b account
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		transfer(&a, &b, int(C.twice(5)))
	}()
	go func() {
		defer both.Done()
		transfer(&b, &a, int(C.twice(3)))
	}()
	both.Wait()
	fmt.Println(a.balance, b.balance)
}
