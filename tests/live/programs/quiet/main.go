// A healthy program with everything in it that looks stuck: a goroutine that waits for signals, one that waits for a child
// process, one that waits for its terminal or pipe, and an event loop in C on a locked thread.
package main

// #include <poll.h>
// #include <unistd.h>
// static void event_loop(int fd) {
//   struct pollfd p = {fd, POLLIN, 0};
//   while (poll(&p, 1, -1) >= 0) {
//   }
// }
import "C"

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

func main() {
	locked := make(chan bool)
	go func() {
		runtime.LockOSThread()
		var pipe [2]int
		if err := syscall.Pipe(pipe[:]); err != nil {
			panic(err)
		}
		locked <- true
		C.event_loop(C.int(pipe[0]))
	}()
	<-locked
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for range signals {
		}
	}()
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		panic(err)
	}
	go child.Wait()
	go func() {
		var byte [1]byte
		os.Stdin.Read(byte[:])
	}()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go listener.Accept()
	for i := 0; i < 100; i++ {
		go func() {
			for {
				time.Sleep(20 * time.Millisecond)
				done := make(chan bool)
				timeout := time.NewTimer(time.Second)
				go func() { close(done) }()
				select {
				case <-done:
					timeout.Stop()
				case <-timeout.C:
				}
			}
		}()
	}
	time.Sleep(time.Minute)
	child.Process.Kill()
	fmt.Println("done")
}
