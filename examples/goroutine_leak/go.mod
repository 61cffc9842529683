module example.org/goroutine_leak

go 1.19
