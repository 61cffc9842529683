module example.org/runtime_offsets

go 1.19
