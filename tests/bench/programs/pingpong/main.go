// Two goroutines that hand a token to and fro: two parks a round. Each window prints its rounds and the CPU time that they took.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

func cpuNs() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	window := time.Second
	if len(os.Args) > 1 {
		ms, err := strconv.Atoi(os.Args[1])
		if err != nil {
			panic(err)
		}
		window = time.Duration(ms) * time.Millisecond
	}
	there, back := make(chan bool), make(chan bool)
	go func() {
		for range there {
			back <- true
		}
	}()
	for {
		rounds, cpu, end := 0, cpuNs(), time.Now().Add(window)
		for time.Now().Before(end) {
			for i := 0; i < 1000; i++ {
				there <- true
				<-back
			}
			rounds += 1000
		}
		fmt.Println(rounds, cpuNs()-cpu)
	}
}
