// The program that census_test.cpp looks at. "still": everything that it counts stays as it is, and
// so can be counted. "storm": nothing does.
package main

/*
#include <pthread.h>
#include <unistd.h>

static void *idle_in_c(void *unused) { while (1) pause(); return unused; }
static void start_thread_of_c(void) {
	pthread_t thread;
	pthread_create(&thread, 0, idle_in_c, 0);
}

extern void calledFromC(void);
static void *call_go_once(void *unused) { calledFromC(); return idle_in_c(unused); }
static void start_thread_that_calls_go(void) {
	pthread_t thread;
	pthread_create(&thread, 0, call_go_once, 0);
}
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

var called = make(chan bool, 1)

//export calledFromC
func calledFromC() { called <- true }

//go:noinline
func sleepInC() {
	C.sleep(100000)
	runtime.KeepAlive(called)
}

//go:noinline
func readPipe(fd int) {
	var buffer [1]byte
	syscall.Read(fd, buffer[:])
	runtime.KeepAlive(called)
}

//go:noinline
func grow(depth int) byte {
	var frame [512]byte
	if depth > 0 {
		frame[depth%512] = grow(depth - 1)
	}
	return frame[depth%512]
}

func still() {
	const inC, inRead, timers = 20, 3, 1000
	for i := 0; i < inC; i++ {
		go sleepInC()
	}
	for i := 0; i < inRead; i++ {
		var ends [2]int
		syscall.Pipe(ends[:])
		go readPipe(ends[0])
	}
	C.start_thread_of_c()
	C.start_thread_that_calls_go()
	<-called
	go func() {
		runtime.LockOSThread()
		runtime.LockOSThread()
		select {}
	}()
	alive := make([]*time.Timer, timers)
	for i := range alive {
		alive[i] = time.AfterFunc(time.Hour, func() {})
	}
	fmt.Println("ready", syscall.Getpid())
	// Half of them are stopped at a word of the test.
	bufio.NewReader(os.Stdin).ReadString('\n')
	for i := range alive {
		if i%2 == 0 {
			alive[i].Stop()
		}
	}
	fmt.Println("stopped")
	for {
		time.Sleep(time.Hour)
		runtime.KeepAlive(alive)
	}
}

func storm() {
	for i := 0; i < 4; i++ {
		go func() {
			for {
				done := make(chan bool)
				go func() {
					runtime.LockOSThread() // and exits so: its thread is destroyed
					C.usleep(50)
					close(done)
				}()
				<-done
			}
		}()
		go func() {
			for {
				time.AfterFunc(time.Millisecond, func() {}).Stop()
				done := make(chan byte)
				go func() {
					grow(3)
					C.usleep(100)
					done <- grow(200)
					C.usleep(1)
				}()
				<-done
			}
		}()
	}
	go func() {
		for {
			runtime.GC()
			time.Sleep(5 * time.Millisecond)
		}
	}()
	fmt.Println("ready")
	select {}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "storm" {
		storm()
	}
	still()
}
