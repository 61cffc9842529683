package p

/*
#include <stdint.h>
typedef struct thing thing_t;
static inline int helper(thing_t *t) { return 0; }
*/
import "C"

import "unsafe"

type handle uintptr
type receiver struct{ n int }

// A comment before.
//export goCallback
func goCallback(t *C.thing_t, n C.int, p unsafe.Pointer) C.int { return C.helper(t) }

//export goTwo
func goTwo(a, b uint32, s string) (n int, err error) { return 0, nil }

//export goHandle
func goHandle(h handle, _ []byte, m map[string]int) *C.char { return nil }

//export goNothing
func goNothing() {}

// export notThis
func notThis() {}

//export goNamed
func goNamed(C.int, *C.struct_thing) (x C.uint) { return }
