package p

/*
#include <unistd.h>
//cgoscope:allow blocking-call reason
static void f(int n) { sleep(n); }
*/
import "C"

const (
	a = iota << 2
	b
	c uint8 = 'x' + 0x1_0
	d = 1.5e3 * time.Second / 3
)

type t[T any] struct{ x C.int }

func (r *t[T]) m(v func() int) (err error) {
	n := 3
	defer func() { C.f(C.int(n)) }()
	for i := range []int{1, 2, 3} {
		go C.f(C.int(a|^b&^i), "s", `raw
`)
	}
	syscall.SetNonblock(int(fd), true)
	return
}

//export goCall
func goCall(x C.int, p unsafe.Pointer) (C.int, *C.char) { return 0, nil }
