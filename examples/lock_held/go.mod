module example.org/lock_held

go 1.19
