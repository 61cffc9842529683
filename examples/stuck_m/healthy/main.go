// The same server, which gives each C call 100 ms and asks again: the service may stay down, no thread is lost.
package main

// #include <stdlib.h>
// #include "client.h"
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

type store struct {
	client *C.struct_client
	turns  chan struct{} // at most as many calls in C at once as this holds
}

func (s *store) get(key string) (string, bool) {
	s.turns <- struct{}{}
	defer func() { <-s.turns }()
	ckey := C.CString(key)
	defer C.free(unsafe.Pointer(ckey))
	var value [64]C.char
	if C.client_get(s.client, ckey, &value[0], C.int(len(value)), 100) < 0 {
		return "", false
	}
	return C.GoString(&value[0]), true
}

func (s *store) answer(key string) {
	for {
		if value, ok := s.get(key); ok {
			fmt.Println(value)
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func main() {
	s := &store{C.client_new(), make(chan struct{}, 4)}
	for i := 0; ; i++ {
		if i < 12 {
			go s.answer(fmt.Sprint("key", i))
		}
		time.Sleep(50 * time.Millisecond)
	}
}
