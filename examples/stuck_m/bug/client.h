/* A client of a key-value service, as a C library might offer it. */
struct client;

struct client *client_new(void);

/* Asks for a key, and waits for the answer, which is put into `value`. */
int client_get(struct client *c, const char *key, char *value, int size);
