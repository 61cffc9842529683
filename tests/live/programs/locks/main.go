// Has locks of every kind that are held for ever, each with twelve goroutines that wait for it.
package main

import (
	"fmt"
	"sync"
	"time"
)

const waiters = 12

var never = make(chan int)

type store struct {
	name  string
	mutex sync.Mutex
}

func holdField(s *store) {
	s.mutex.Lock()
	<-never
	s.mutex.Unlock()
}

func waitForField(s *store) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
}

var variable sync.Mutex

func holdVariable() {
	variable.Lock()
	<-never
	variable.Unlock()
}

func waitForVariable() {
	variable.Lock()
	variable.Unlock()
}

func holdForWriting(both *sync.RWMutex) {
	both.Lock()
	defer both.Unlock()
	<-never
}

func waitForReading(both *sync.RWMutex) {
	both.RLock()
	defer both.RUnlock()
}

func work(group *sync.WaitGroup) {
	defer group.Done()
	<-never
}

func waitForGroup(group *sync.WaitGroup) { group.Wait() }

// Nobody is left who could unlock it.
func leaveLocked() {
	left := &store{name: "left"}
	for i := 0; i < waiters; i++ {
		go waitForLeft(left)
	}
	left.mutex.Lock()
}

func waitForLeft(s *store) {
	time.Sleep(100 * time.Millisecond)
	s.mutex.Lock()
	defer s.mutex.Unlock()
}

func start() {
	s, both, group := &store{name: "field"}, new(sync.RWMutex), new(sync.WaitGroup)
	group.Add(1)
	go holdField(s)
	go holdVariable()
	go holdForWriting(both)
	go work(group)
	go leaveLocked()
	time.Sleep(100 * time.Millisecond)
	for i := 0; i < waiters; i++ {
		go waitForField(s)
		go waitForVariable()
		go waitForReading(both)
		go waitForGroup(group)
	}
}

func main() {
	go start()
	time.Sleep(500 * time.Millisecond)
	fmt.Println("ready")
	time.Sleep(time.Hour)
}
