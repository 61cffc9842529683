// The same server, which gives each thread back as it found it.
package main

import (
	"runtime"
	"time"
)

func inNamespace(name string, work func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
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
