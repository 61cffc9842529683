module example.org/goroutine_flood

go 1.19
