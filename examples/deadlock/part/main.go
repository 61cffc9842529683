// Two goroutines that take two locks in two orders, while the rest of the program goes on: no runtime ever reports that. See
// ../README.md.
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
	bank := make(chan [2]*account)
	for i := 0; i < 2; i++ {
		go func() {
			for pair := range bank {
				transfer(pair[0], pair[1], 5)
			}
		}()
	}
	a, b := &account{}, &account{}
	bank <- [2]*account{a, b}
	bank <- [2]*account{b, a}
	a, b = nil, nil
	for beats := 0; ; beats++ {
		if beats%60 == 0 {
			fmt.Println("alive for", beats, "seconds")
		}
		time.Sleep(time.Second)
	}
}
