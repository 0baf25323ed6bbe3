package main

import "strconv"

// spawn.go - children and signals, beside libuv in C. The one rule: what is judged is the
// time on the clock, since most of the work is the kernel's and the child's.

type childWork struct {
	name, kind string
	n          int
	key, unit  string
	must       must
}

var childWorks = []childWork{
	{"spawn /bin/true and wait", "children", 1000, "us", "µs", atMost(1.15)},
	{"1 GB through cat, both ways", "cat", 1024, "rate", "MB/s", atLeast(0.9)},
	{"100,000 signals to ourselves", "signals", 100000, "rate", "/s", told},
}

func (b *bench) processes() error {
	for _, w := range childWorks {
		if err := b.childWork(w); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) childWork(w childWork) error {
	run := func(argv ...string) func() (values, error) {
		s := spec{argv: append(argv, w.kind, strconv.Itoa(w.n))}
		return func() (values, error) { return b.run(s) }
	}
	list := []contender{{"C", "", run(b.path("spawn"))}}
	for _, lua := range b.luas {
		list = append(list, contender{lua, "C", run(lua, "bench/spawn.lua")})
	}
	r, err := b.turns(b.rounds, list...)
	if err != nil {
		return err
	}
	for _, lua := range b.luas {
		b.table.add(figure{w.name, lua, w.unit, r.column(lua, w.key), r.column("C", w.key), w.must})
		if w.kind == "signals" {
			b.table.add(figure{"  of them told", lua, "", r.column(lua, "count"), r.column("C", "count"), told})
		}
	}
	return nil
}
