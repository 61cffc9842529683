// Executes in its place what its argument names, after two seconds.
package main

import (
	"os"
	"syscall"
	"time"
)

func main() {
	time.Sleep(2 * time.Second)
	if len(os.Args) > 1 {
		syscall.Exec(os.Args[1], []string{os.Args[1]}, os.Environ())
	}
	time.Sleep(2 * time.Second)
}
