// The same without cgo, after three seconds: the runtime sees it, says so and ends the program. See ../README.md.
package main

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
	time.Sleep(3 * time.Second)
	var a, b account
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		transfer(&a, &b, 10)
	}()
	go func() {
		defer both.Done()
		transfer(&b, &a, 6)
	}()
	both.Wait()
	fmt.Println(a.balance, b.balance)
}
