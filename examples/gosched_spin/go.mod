module example.org/gosched_spin

go 1.19
