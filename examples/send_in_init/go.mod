module example.org/send_in_init

go 1.19
