// A server whose requests each need an OS thread of their own for a moment, as one does that changes the thread's namespace or
// user. Each locks its goroutine to its thread, and exits without unlocking it: the runtime must then destroy the thread, and
// make another for the next request. See ../README.md.
package main

import (
	"runtime"
	"time"
)

func inNamespace(name string, work func()) {
	runtime.LockOSThread()
	work()
}

func handle(request int) {
	inNamespace("tenant", func() { time.Sleep(time.Millisecond) })
}

func main() {
	for i := 0; ; i++ {
		go handle(i)
		time.Sleep(5 * time.Millisecond)
	}
}
