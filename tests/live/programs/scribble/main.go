// Writes whatever comes to its mind over the runtime's list of goroutines, whose address it is told, and over the goroutines in it.
// It makes none meanwhile, and collects no garbage, so that it lives on.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime/debug"
	"strconv"
	"time"
	"unsafe"
)

type list struct{ pointer, length, capacity uintptr }

func main() {
	debug.SetGCPercent(-1)
	never := make(chan int)
	for i := 0; i < 1000; i++ {
		go func() { <-never }()
	}
	time.Sleep(200 * time.Millisecond)
	address, _ := strconv.ParseUint(os.Args[1], 16, 64)
	allgs := *(**list)(unsafe.Pointer(&address))
	true_list := *allgs
	made := make([]uintptr, 1<<16)
	for i := range made {
		switch i % 4 {
		case 0:
			made[i] = uintptr(unsafe.Pointer(&made[(i*7)%len(made)]))
		case 1:
			made[i] = uintptr(rand.Uint64())
		case 2:
			made[i] = *(*uintptr)(unsafe.Pointer(true_list.pointer + 8*uintptr(i)%(8*true_list.length)))
		}
	}
	fmt.Println("ready")
	for {
		switch rand.Intn(5) {
		case 0:
			*allgs = list{uintptr(unsafe.Pointer(&made[0])), uintptr(len(made)), uintptr(len(made))}
		case 1:
			*allgs = list{uintptr(rand.Uint64()), uintptr(rand.Uint64()), uintptr(rand.Uint64())}
		case 2:
			*allgs = list{true_list.pointer, true_list.length << 20, true_list.capacity << 20}
		case 3:
			*allgs = list{true_list.pointer + 1, true_list.length, true_list.capacity}
		case 4:
			*allgs = true_list
		}
	}
}
