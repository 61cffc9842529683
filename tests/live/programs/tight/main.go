// Calls C as fast as it can, which is too dear to watch, and in other goroutines calls of 60 ms, one
// after another.
package main

/*
#include <unistd.h>
static int add(int a, int b) { return a + b; }
static void nap(void) { usleep(60000); }
*/
import "C"

import "time"

func main() {
	go func() {
		for {
			C.add(1, 2)
		}
	}()
	for i := 0; i < 9; i++ {
		go func() {
			for {
				C.nap()
			}
		}()
	}
	time.Sleep(time.Minute)
}
