package p

/* static int on_first_line(void) { return 1; }
static int plain(void) { return 2; }
	static int tabbed(void) { return 3; }
#if 0
import "C"
#endif
static const char *text = "import \"C\"";
static int on_last_line(void) { return 4; } */
import "C"

func block() { _, _, _, _ = C.on_first_line(), C.plain(), C.tabbed(), C.on_last_line(); _ = C.text }
