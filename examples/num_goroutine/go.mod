module example.org/num_goroutine

go 1.19
