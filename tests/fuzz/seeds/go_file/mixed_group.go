package p

// a comment of its own, and no C

/* static int one(void) { return 1; } */ // static int two(void) { return 2; }
/*
static int three(void) { return 3; }
*/
// static int four(void) { return 4; }
/* static int five(void) */ /* { return 5; } */
/**/
//
// static int six(void) { return __LINE__; }
/* static int seven(void) { return 7; } // */
import "C"

func mixed() { _ = []C.int{C.one(), C.three(), C.four(), C.five(), C.six()} }
