package p

// this is no C at all, since the declaration has two specs
import (
	"C"
	"os"
)

func two(n C.int) C.long { _ = os.Args; return C.long(n) }
