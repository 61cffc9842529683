package p

// a blank line follows, so this is no C

import "C"

import /* nor this */ "C"

import ( /* nor this */
	"C" // nor this
	/* and not this */
)

var size C.int // C.nothing
