package p

/*
#include <stdlib.h>
typedef struct { int a; void *p; } s_t;
struct tagged { int C; };
enum kind { K1, K2 };
#define NUMBER 3
#define TEXT "text"
#define EXPRESSION (global + 1)
typedef int (*callback)(int);
static int global;
static s_t record;
static int f(int x) { return x; }
static int with_pointer(void *p, int n) { return n; }
static void nothing(const char *c) {}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

type holder struct {
	h      C.s_t `tag:"C.f(1)"`
	C      int
	next   *holder
	inner  struct{ C, D C.int }
	method func(C.int, ...C.int) (a, b C.int)
}

const constant = C.NUMBER

var (
	package_level      = C.f(1)
	pointer            = C.callback(C.f)
	literal            = func() C.int { return C.f(2) }
	raw                = `C.f(1)
	C.nothing(nil) "` + "\" C.f(2)" + string('"') + string('\'') + string('\\')
	array              [C.NUMBER]C.int
	channel            chan<- C.int
	table              = map[C.int]*C.s_t{C.NUMBER: nil}
	after_runes, again = '\x43', C.long('.')
)

func (x *holder) use(b []byte, C2 C.int) (n C.int, err error) {
	C.nothing(C.CString("C.f(1)"))
	n, err = C.f(C.int(C.K1) + C.NUMBER)
	_ = C.GoString(nil) /* C.f */ // C.f
	n = C.with_pointer(unsafe.Pointer(&b[0]), C.int(len(b)))
	n = C.with_pointer(x.h.p, C.f(C.with_pointer(x.h.p, C.NUMBER)))
	defer C.with_pointer(unsafe.Pointer(x), C.EXPRESSION)
	go C.f(C.global)
	defer C.free(C.malloc(C.size_t(C.sizeof_s_t)))
	var q *C.struct_tagged
	_ = q
	if n, err := C.with_pointer(unsafe.Pointer(&x.h), (C.f)(3)); err != nil {
		return n, err
	}
	C.global = 4
	C.global++
	C.record.a = C.global
	_ = C.TEXT
	_ = []C.int{1, C.
		f(2), (C./* c */f)(3), ((C.f))(
			4), C. /* a
		comment */
		/* and */ f(5)}
	var e C.enum_kind = C.K2
	_ = (*C.char)(unsafe.Pointer(&C.global))
	_ = x.C + x.next.C + x.next.
		C
	_ = holder{C: int(C.NUMBER)}
	_ = x.inner.C
	_, _ = interface{}(e).(C.enum_kind)
	switch interface{}(e).(type) {
	case C.int, *C.s_t:
	case func(C.int) C.int:
	}
	fmt.Println(n&^C.NUMBER, n*C.f(1), -C.f(2), 1.e3*C.double(2), 0x1p-2*C.float(1), 'C', ".C.f")
	x.h.a, C2 = C.f(1), C2+C.int(array[C.NUMBER-1])
C:
	for i := C.f(0); i < C.f(9); i += C.f(1) {
		func() { C.f(i); func() { C.f(i) }() }()
		continue C
	}
	return C.int(n), nil
}

func générique(été C.int) C.int { _ = "日本語"; return C.f(été) + /* 日本語 */ C.f(1) }
