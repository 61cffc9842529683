package p

import "os"

// #include <stddef.h>
//   static int slow(int n) { return n; }
//static int tight(void) { return 1; }
//	static int tabbed(void) { return 2; }
//
	// static int indented(void) { return 3; } /* a C comment */
  //static int by_two(void) { return 4; } // trailing C comment
import "C"

func lines() C.int {
	_ = os.Args
	return C.slow(1) + C.tight() + C.tabbed() + C.indented() + C.by_two()
}
