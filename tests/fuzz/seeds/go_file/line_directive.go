package p

//line other.y:100

// static int directed(void) { return 1; }
import "C"

//line third.y:7:9
func directed() C.int { return C.directed() + /*line fourth.y:3:4*/ C.directed() }
