// A cache that asks its database while it holds the lock. Once the database does not answer, nobody gets to the cache any more,
// also not for what is in it. See ../README.md.
package main

import (
	"fmt"
	"net"
	"sync"
	"time"
)

type cache struct {
	mutex  sync.Mutex
	values map[string]string
}

func (c *cache) get(key string, database net.Conn) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if value, ok := c.values[key]; ok {
		return value
	}
	fmt.Fprintln(database, key)
	var answer [64]byte
	length, _ := database.Read(answer[:])
	c.values[key] = string(answer[:length])
	return c.values[key]
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	database, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	c := &cache{values: map[string]string{"known": "value"}}
	go c.get("unknown", database)
	time.Sleep(100 * time.Millisecond)
	for i := 0; i < 50; i++ {
		go func() {
			for {
				c.get("known", database)
				time.Sleep(time.Millisecond)
			}
		}()
	}
	time.Sleep(time.Minute)
}
