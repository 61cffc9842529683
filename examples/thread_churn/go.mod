module example.org/thread_churn

go 1.19
