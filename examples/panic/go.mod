module example.org/panic

go 1.19
