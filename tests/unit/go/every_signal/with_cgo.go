//go:build cgo

package main

/*
#include <unistd.h>
static void slow(void) { usleep(1000); }
*/
import "C"

func callC() { C.slow() }
