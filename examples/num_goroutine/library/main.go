// No go statement of its own, and four goroutines: packages start theirs, and these count. See ../README.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"time"
)

func main() {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, os.Interrupt)
	var printed strings.Builder
	limited, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(limited, "sleep", "60")
	command.Stdout = &printed
	if err := command.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	time.Sleep(100 * time.Millisecond)
	fmt.Println("after 100 ms:", runtime.NumGoroutine())
	time.Sleep(time.Minute)
	fmt.Println(command.Wait(), printed.String())
}
