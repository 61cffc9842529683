// A server that looks keys up with a C library. The service behind it is down, and the library waits for ever: each request
// pins one more OS thread. See ../README.md.
package main

// #include <stdlib.h>
// #include "client.h"
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

type store struct{ client *C.struct_client }

func (s *store) get(key string) string {
	ckey := C.CString(key)
	defer C.free(unsafe.Pointer(ckey))
	var value [64]C.char
	C.client_get(s.client, ckey, &value[0], C.int(len(value)))
	return C.GoString(&value[0])
}

func (s *store) answer(key string) {
	fmt.Println(s.get(key))
}

func main() {
	s := &store{C.client_new()}
	for i := 0; ; i++ {
		if i < 12 {
			go s.answer(fmt.Sprint("key", i))
		}
		time.Sleep(50 * time.Millisecond)
	}
}
