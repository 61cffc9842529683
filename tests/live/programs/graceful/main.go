// Takes a second to end, when it is interrupted, and says so by its status.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	fmt.Println("ready")
	<-interrupted
	time.Sleep(time.Second)
	os.Exit(7)
}
