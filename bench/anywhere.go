package main

// anywhere.go - waits where Lua lets nothing yield, beside the same wait in the open, and what a
// fiber takes that waits. The one rule: the limits are luv's own, of the same process, or absolute.

func (b *bench) anywhere() error {
	for _, lua := range b.luas {
		r, err := b.turns(b.rounds, b.program("luv", "", lua, "bench/anywhere.lua"))
		if err != nil {
			return err
		}
		for _, place := range []string{"pcall", "gsub", "sort"} {
			b.table.add(figure{"a wait below " + place + ", beside one in the open", lua, "ns",
				r.column("luv", place), r.column("luv", "open"), atMost(1.5)})
		}
	}
	return nil
}

// The bounds are of lua5.1, and of LuaJIT.
var held = []struct {
	what, mode string
	most       [2]float64
}{
	{"memory of a fiber that waits below C", "memory", [2]float64{6.5, 5.5}},
	{"memory of an idle connection with its fiber", "idle", [2]float64{2.4, 1.6}},
}

func (b *bench) waiting() error {
	for _, lua := range b.luas {
		for _, h := range held {
			r, err := b.turns(min(b.rounds, 3), b.program("luv", "", lua, "bench/anywhere.lua", h.mode))
			if err != nil {
				return err
			}
			most := h.most[0]
			if isJIT(lua) {
				most = h.most[1]
			}
			b.table.add(figure{h.what, lua, "KB", kilo(r.column("luv", "bytes")), nil, within(most)})
		}
	}
	return nil
}
