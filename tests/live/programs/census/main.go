// Has goroutines of many kinds, says what the runtime itself says of them, and then stays as it is.
package main

// #include <unistd.h>
import "C"

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

type server struct {
	mutex sync.Mutex
	group sync.WaitGroup
	never chan int
}

func (s *server) send(value int) { s.never <- value }

func (s *server) receive() int { return <-s.never }

func (s *server) lock() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
}

func deep(depth int, s *server) {
	var room [64]byte
	room[depth%64] = byte(depth)
	if depth > 0 {
		deep(depth-1, s)
	} else {
		s.group.Wait()
	}
	runtime.KeepAlive(room)
}

func sleepInC() { C.sleep(1000) }

func lockedForEver() {
	runtime.LockOSThread()
	select {}
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	s := &server{never: make(chan int)}
	s.mutex.Lock()
	s.group.Add(1)
	for i := 0; i < count; i++ {
		go s.send(i)
	}
	nothing := make(chan struct{})
	for i := 0; i < 7; i++ {
		go s.lock()
		go deep(20, s)
		go func() {
			select {
			case <-nothing:
			case s.never <- 1:
			}
		}()
		go time.Sleep(time.Hour)
	}
	for i := 0; i < 3; i++ {
		go sleepInC()
	}
	go lockedForEver()
	if listener, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		go listener.Accept()
	}
	time.Sleep(500 * time.Millisecond)
	runtime.GC()
	dump := make([]byte, 256<<20)
	os.WriteFile(os.Args[2], dump[:runtime.Stack(dump, true)], 0o644)
	dump = nil
	fmt.Println(runtime.NumGoroutine())
	fmt.Println("ready")
	var byte [1]byte
	os.Stdin.Read(byte[:])
}
