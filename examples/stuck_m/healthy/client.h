/* A client of a key-value service, as a C library might offer it. */
struct client;

struct client *client_new(void);

/* Asks for a key, and waits for the answer, which is put into `value`, for at most `timeout_ms`.
 * Returns -1 when none came. */
int client_get(struct client *c, const char *key, char *value, int size, int timeout_ms);
