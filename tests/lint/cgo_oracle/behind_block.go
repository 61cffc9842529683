package p /* this comment ends
here */

/* // comment
*/ // static int later(void) { return 0; }
import ("C")

func behind() C.int { return C.later() }
