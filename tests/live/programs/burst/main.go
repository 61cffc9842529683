// Grows for four seconds as a flood does, and then is quiet.
package main

import "time"

func wait(end chan bool) { <-end }

func main() {
	end := make(chan bool)
	for began := time.Now(); time.Since(began) < 4*time.Second; time.Sleep(10 * time.Millisecond) {
		for i := 0; i < 30; i++ {
			go wait(end)
		}
	}
	time.Sleep(time.Minute)
	close(end)
}
