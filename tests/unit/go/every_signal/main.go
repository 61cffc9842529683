// A program that contains the function of every signal, with cgo and without.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

func main() {
	go func() {
		runtime.LockOSThread()
		callC()
	}()
	timer := time.NewTimer(time.Hour)
	timer.Reset(2 * time.Hour)
	timer.Stop()
	time.AfterFunc(time.Millisecond, func() { fmt.Println("fired") })
	<-time.After(10 * time.Millisecond)
	if len(os.Args) > 1 {
		panic("asked for")
	}
}
