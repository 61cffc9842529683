// Has its bug and is gone, within 50 ms or so.
package main

import (
	"os"
	"runtime"
)

func main() {
	for i := 0; i < 120; i++ {
		done := make(chan bool)
		go func() {
			runtime.LockOSThread()
			close(done)
		}()
		<-done
	}
	os.Exit(7)
}
