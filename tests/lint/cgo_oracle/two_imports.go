package p

// static int first(void) { return 1; }
import "C"

import "os"

/*
static int second(void) { return first(); }
*/
import "C"

import (
	// static int third(void) { return second(); }
	"C"
)

func imports() { _ = os.Args; C.first(); C.second(); C.third() }
