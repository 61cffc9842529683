package p

/*
#cgo CFLAGS: -DX=1
static int carriage(void) { return 1; }
*/
// static int returns(void) { return 2; }
import "C"

func crlf() C.int {
	return C.carriage() +
		C.returns()
}