module example.org/blocking_cgo

go 1.19
