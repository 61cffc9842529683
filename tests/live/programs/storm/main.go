// Everything that could break under a probe, at once, with a check of its own: stacks that grow and shrink, threads that come and
// go, callbacks from C, children that are forked, garbage collections, panics that are recovered.
package main

// typedef int (*callback)(int);
// extern int goTwice(int);
// static int through_c(int x) { return goTwice(x); }
import "C"

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

//export goTwice
func goTwice(x C.int) C.int { return 2 * x }

var rounds, wrong [6]int64

func check(i int, ok bool) {
	atomic.AddInt64(&rounds[i], 1)
	if !ok {
		atomic.AddInt64(&wrong[i], 1)
	}
}

func deep(n int) int {
	var room [256]byte
	room[n%256] = byte(n)
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1 + int(room[(n+1)%256])
}

func forever(f func()) {
	go func() {
		for {
			f()
		}
	}()
}

func main() {
	forever(func() { // a stack that grows, on a new goroutine each time
		done := make(chan int)
		go func() { done <- deep(2000) }()
		check(0, <-done == 2000)
	})
	forever(func() { // a thread that ends
		done := make(chan bool)
		go func() {
			runtime.LockOSThread()
			done <- true
		}()
		check(1, <-done)
		time.Sleep(2 * time.Millisecond)
	})
	forever(func() { check(2, C.through_c(21) == 42) })
	forever(func() { // a child
		out, err := exec.Command("/bin/echo", "here").Output()
		check(3, err == nil && string(out) == "here\n")
		time.Sleep(10 * time.Millisecond)
	})
	forever(func() {
		func() {
			defer func() { check(4, recover() == "thrown") }()
			panic("thrown")
		}()
		runtime.Gosched()
	})
	forever(func() {
		timer := time.NewTimer(time.Hour)
		check(5, timer.Stop())
		time.Sleep(100 * time.Microsecond)
	})
	forever(func() {
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	})
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	<-end
	for i := range rounds {
		fmt.Println(i, atomic.LoadInt64(&rounds[i]), "rounds,", atomic.LoadInt64(&wrong[i]), "wrong")
		if atomic.LoadInt64(&rounds[i]) == 0 || atomic.LoadInt64(&wrong[i]) != 0 {
			os.Exit(1)
		}
	}
}
