// Does a known number of each thing that the probe counts, and ends.
package main

// static int twice(int x) { return 2 * x; }
import "C"

import (
	"runtime"
	"sync"
	"time"
)

const (
	cgoCalls    = 5000
	lockedExits = 200
	stopped     = 3000
	fired       = 1000
	afterFuncs  = 500
	rearmed     = 700
)

func main() {
	time.Sleep(300 * time.Millisecond)
	sum := C.int(0)
	for i := 0; i < cgoCalls; i++ {
		sum += C.twice(C.int(i))
	}
	var all sync.WaitGroup
	for i := 0; i < lockedExits; i++ {
		all.Add(1)
		go func() {
			runtime.LockOSThread()
			all.Done()
		}()
		all.Wait()
	}
	for i := 0; i < stopped; i++ {
		time.NewTimer(time.Hour).Stop()
	}
	for i := 0; i < fired; i++ {
		t := time.NewTimer(time.Microsecond)
		<-t.C
	}
	for i := 0; i < afterFuncs; i++ {
		all.Add(1)
		time.AfterFunc(time.Microsecond, func() { all.Done() })
	}
	all.Wait()
	again := time.NewTimer(time.Hour)
	for i := 0; i < rearmed; i++ {
		again.Stop()
		again.Reset(time.Hour)
	}
	time.Sleep(100 * time.Millisecond)
	runtime.KeepAlive(sum)
}
