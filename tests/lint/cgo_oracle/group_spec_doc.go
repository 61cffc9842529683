package p

// int this_is_not_seen(void) { return }
import (
	"os"
	// static int of_the_spec(void) { return 1; }
	"C"
	"fmt"
)

func group() { fmt.Println(C.of_the_spec(), os.Args) }
