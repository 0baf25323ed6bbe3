package main

import "os/exec"

// codec.go - luv.codec beside a walk in C that keeps no cycles, and beside cjson where that
// is installed. The one rule: all of them run bench/codec.lua, on values it makes.

func (b *bench) codec() error {
	for _, lua := range b.luas {
		list := []contender{
			b.program("C", "", b.path("codec-"+lua), "bench/codec.lua"),
			b.program("luv", "C", lua, "bench/codec.lua"),
		}
		cjson := exec.Command(lua, "-e", `require("cjson")`).Run() == nil
		if cjson {
			list = append(list, b.program("cjson", "", lua, "bench/codec.lua", "cjson"))
		}
		r, err := b.turns(b.rounds, list...)
		if err != nil {
			return err
		}
		b.codecFigures(lua, r, cjson)
	}
	return nil
}

func (b *bench) codecFigures(lua string, r results, cjson bool) {
	for _, f := range []struct{ what, key string }{
		{"1,000 mixed records", "records"}, {"a table 100 deep", "deep"}, {"a string of 1 MB", "string"},
	} {
		for _, do := range []string{"encode", "decode"} {
			key := f.key + "_" + do
			luv := r.column("luv", key)
			b.table.add(figure{do + " " + f.what, lua, "µs", luv, r.column("C", key), atMost(2.2)})
			if cjson {
				b.table.add(figure{"  beside cjson", lua, "µs", luv, r.column("cjson", key), atMost(0.714)})
			}
		}
	}
}
