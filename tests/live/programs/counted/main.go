// Does a known number of what the probe counts. The first argument says what; it then waits for a
// line on its standard input, does it, prints "done" and waits for the end of its input.
package main

/*
#include <time.h>
// To the end, also when a signal of the runtime's comes.
static void sleep_1ms(void) {
	struct timespec left = {0, 1000000};
	while (nanosleep(&left, &left) != 0) {
	}
}
static int quick(int n) { return n + 1; }
extern void calledFromC(int);
static void calls_back(int n) { calledFromC(n); }
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

//export calledFromC
func calledFromC(n C.int) {
	C.quick(n)
	if n > 0 {
		C.calls_back(n - 1)
	}
}

var locked = make(chan bool)

func lockAndExit() {
	runtime.LockOSThread()
	locked <- true
}

func threads() {
	for i := 0; i < 1000; i++ {
		go lockAndExit()
		<-locked
	}
	time.Sleep(500 * time.Millisecond) // they exit after their last word
}

func parks() {
	never := make(chan bool)
	for i := 0; i < 20000; i++ {
		go waitForEver(never)
	}
	time.Sleep(500 * time.Millisecond)
}

//go:noinline
func waitForEver(never chan bool) { <-never }

//go:noinline
func createStopped() *time.Timer { return time.NewTimer(time.Hour) }

//go:noinline
func createFired() *time.Timer { return time.NewTimer(time.Microsecond) }

//go:noinline
func createAbandoned() *time.Timer { return time.NewTimer(time.Hour) }

//go:noinline
func createFunction(f func()) *time.Timer { return time.AfterFunc(time.Microsecond, f) }

//go:noinline
func createTicker() *time.Ticker { return time.NewTicker(time.Hour) }

//go:noinline
func startAgain(t *time.Timer) { t.Reset(time.Hour) }

var kept []*time.Timer

func timers() {
	for i := 0; i < 20000; i++ {
		t := createStopped()
		t.Stop()
		t.Stop() // once more, of a timer that does not wait any more
		t.Reset(time.Hour)
		t.Reset(time.Hour) // of one that waits
		t.Stop()
	}
	for i := 0; i < 20000; i++ {
		<-createFired().C
	}
	for i := 0; i < 20000; i++ {
		kept = append(kept, createAbandoned())
	}
	var all sync.WaitGroup
	all.Add(20000)
	for i := 0; i < 20000; i++ {
		createFunction(all.Done) // each time another function value
	}
	all.Wait()
	for i := 0; i < 1000; i++ {
		createTicker().Stop()
	}
	for i := 0; i < 1000; i++ {
		startAgain(kept[i]) // waits: nothing changes
	}
}

func calls() {
	var all sync.WaitGroup
	for i := 0; i < 20; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for j := 0; j < 250; j++ {
				C.sleep_1ms()
			}
		}()
	}
	all.Wait()
}

func nested() {
	for i := 0; i < 1000; i++ {
		C.calls_back(1) // calls back, which calls back again
	}
}

func cpuTime() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// Two parks a round.
func pingpong() {
	runtime.GOMAXPROCS(1)
	there, back := make(chan int), make(chan int)
	go func() {
		for n := range there {
			back <- n + 1
		}
		close(back)
	}()
	began := cpuTime()
	for i := 0; i < 500000; i++ {
		there <- i
		<-back
	}
	fmt.Printf("cpu_ns_per_round %d\n", (cpuTime()-began)/500000)
}

// Until the end of its input.
func forever() {
	there := make(chan int)
	go func() {
		for {
			there <- 1
		}
	}()
	for range there {
		time.Sleep(100 * time.Microsecond)
	}
}

func fails() {
	go func() { panic("by intention") }()
	select {}
}

func unlocks() {
	var free sync.Mutex
	free.Unlock()
}

type object struct {
	before [3]int
	field  int
}

func (o *object) close() {}

//go:noinline
func capturesItself() {
	o := new(object)
	runtime.SetFinalizer(o, func(*object) { o.close() })
}

//go:noinline
func capturesAPart(name string) {
	o := new(object)
	field := &o.field
	runtime.SetFinalizer(o, func(*object) { println(name, *field) })
}

//go:noinline
func capturesAVariable() {
	o := new(object)
	runtime.GC()
	runtime.SetFinalizer(o, func(*object) { o.close() })
	if len(os.Args) > 100 {
		o = nil // so it is captured by its address
	}
}

//go:noinline
func capturesAnother(other *object) {
	o := new(object)
	runtime.SetFinalizer(o, func(closed *object) { closed.close(); other.close() })
}

//go:noinline
func capturesNothing() {
	o := new(object)
	runtime.SetFinalizer(o, (*object).close)
	runtime.SetFinalizer(o, nil)
}

func finalizers() {
	other := new(object)
	for i := 0; i < 1000; i++ {
		capturesItself()
		capturesAPart("part")
		capturesAnother(other)
		capturesNothing()
	}
	for i := 0; i < 10; i++ {
		capturesAVariable()
	}
	time.Sleep(100 * time.Millisecond)
}

//go:noinline
func giveWay() {
	for i := 0; i < 20000; i++ {
		runtime.Gosched()
	}
}

//go:noinline
func turnRound(rounds int) (sum int) {
	for i := 0; i < rounds; i++ {
		sum += i * sum
	}
	return sum
}

// For about half a second.
func busy() {
	began := time.Now()
	for time.Since(began) < 500*time.Millisecond {
		turnRound(100000000)
	}
}

func main() {
	works := map[string]func(){"threads": threads, "parks": parks, "timers": timers, "calls": calls,
		"nested": nested, "pingpong": pingpong, "forever": forever, "fails": fails, "unlocks": unlocks,
		"finalizers": finalizers, "yields": giveWay, "busy": busy}
	work := works[os.Args[1]]
	in := bufio.NewReader(os.Stdin)
	fmt.Println("ready")
	in.ReadString('\n')
	if os.Args[1] == "forever" {
		go work()
	} else {
		work()
		fmt.Println("done")
	}
	for {
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
	}
}
