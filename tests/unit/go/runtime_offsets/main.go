// Prints where the members of the runtime's structures lie in a Go program, as Go's own debug/dwarf
// reads it, a line each: "runtime.g sched.sp 56". A line without a member is the structure's size.
//
//	go run . PROGRAM STRUCTURE…
package main

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"log"
	"os"
)

func print(structure, prefix string, base int64, of *dwarf.StructType) {
	for _, field := range of.Field {
		fmt.Println(structure, prefix+field.Name, base+field.ByteOffset)
		inner := field.Type
		for {
			typedef, ok := inner.(*dwarf.TypedefType)
			if !ok {
				break
			}
			inner = typedef.Type
		}
		if nested, ok := inner.(*dwarf.StructType); ok && prefix == "" {
			print(structure, field.Name+".", base+field.ByteOffset, nested)
		}
	}
}

func main() {
	log.SetFlags(0)
	file, err := elf.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	data, err := file.DWARF()
	if err != nil {
		log.Fatal(err)
	}
	wanted := map[string]bool{}
	for _, structure := range os.Args[2:] {
		wanted[structure] = true
	}
	for reader := data.Reader(); ; {
		entry, err := reader.Next()
		if err != nil {
			log.Fatal(err)
		}
		if entry == nil {
			return
		}
		name, _ := entry.Val(dwarf.AttrName).(string)
		if entry.Tag != dwarf.TagStructType || !wanted[name] {
			continue
		}
		described, err := data.Type(entry.Offset)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, described.Size())
		print(name, "", 0, described.(*dwarf.StructType))
	}
}
