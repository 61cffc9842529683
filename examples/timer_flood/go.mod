module example.org/timer_flood

go 1.19
