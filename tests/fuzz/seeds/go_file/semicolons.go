package p; /* static int x(void) { return 0; } no, the token is on this line */ import "os"; import "C"; import "fmt"

func semicolons() { fmt.Println(C.int(1), os.Args); for C.int(0) < C.int(1) {}; { _ = C.long(2) } }
