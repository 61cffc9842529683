package p

//#cgo CFLAGS: -DA=1
//   #cgo linux,!windows CFLAGS: -DB=2 "-DQUOTED=\"a b\""
//	#cgo	LDFLAGS: -lm
// #undef cgo
// static int a(void) { return 0; }
/*
 #cgo pkg-config: --static zlib
#if 0
#cgo
#cgos
#endif
#define STRING "#cgo"
   #cgo CFLAGS: -DTRAILING=1   
static int b(void) { return 1; }
*/
import "C"

var directives = C.a() + C.b()
