module example.org/stuck_m

go 1.19
