module example.org/finalizer_stall

go 1.19
