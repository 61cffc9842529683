package p

// static int of_the_declaration(void) { return 1; }
import (
	"C"
)

func declaration() C.int { return C.of_the_declaration() }
