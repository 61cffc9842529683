// Two goroutines that take two locks in one order, the older account's first; again and again. See ../README.md.
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
	number  int
	balance int
}

func transfer(from, to *account, amount int) {
	first, second := from, to
	if first.number > second.number {
		first, second = second, first
	}
	first.mutex.Lock()
	defer first.mutex.Unlock()
	time.Sleep(10 * time.Millisecond)
	second.mutex.Lock()
	defer second.mutex.Unlock()
	from.balance -= amount
	to.balance += amount
}

func main() {
	a, b := account{number: 1}, account{number: 2}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
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
	}
	fmt.Println(a.balance, b.balance)
}
