module example.org/forced_gc

go 1.19
