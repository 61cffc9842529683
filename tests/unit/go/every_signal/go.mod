module example.org/every_signal

go 1.19
