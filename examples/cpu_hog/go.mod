module example.org/cpu_hog

go 1.19
