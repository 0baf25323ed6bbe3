package main

// times.go - sleeping and timers. The one rule: the cost of a sleep is judged beside bare
// uv timers, its truth by the clock alone, since what was asked for is known.

func (b *bench) sleep() error {
	list := []contender{b.program("C", "", b.path("sleep"))}
	for _, lua := range b.luas {
		list = append(list, b.program(lua, "C", lua, "bench/sleep.lua"))
	}
	r, err := b.turns(b.rounds, list...)
	if err != nil {
		return err
	}
	for _, lua := range b.luas {
		limit := r.column("C", "us")
		b.table.add(figure{"100,000 fibers that sleep, per sleep", lua, "µs", r.column(lua, "us"),
			limit, atMost(1.8)})
		b.table.add(figure{"  of which making the fibers", lua, "µs", r.column(lua, "made"), nil, told})
	}
	return nil
}

// Each takes seconds of waiting, so it runs thrice where a busy machine matters, else once.
var truths = []struct {
	what, key, unit string
	args            []string
	rounds          int
	must            must
}{
	{"a sleep or timer ends early by", "early_us", "µs", []string{"early"}, 1, within(0)},
	{"drift of a 10 ms timer per tick, idle", "drift_us", "µs", []string{"drift"}, 1, within(5)},
	{"drift at 50 % load", "drift_us", "µs", []string{"drift", "load"}, 1, within(20)},
	{"lateness p99 while a fiber spins in yield", "p99_ms", "ms", []string{"late"}, 3, within(2)},
}

func (b *bench) timer() error {
	for _, lua := range b.luas {
		for _, t := range truths {
			s := spec{argv: append([]string{lua, "bench/timer.lua"}, t.args...)}
			run := func() (values, error) { return b.run(s) }
			r, err := b.turns(min(t.rounds, b.rounds), contender{name: "luv", run: run})
			if err != nil {
				return err
			}
			b.table.add(figure{t.what, lua, t.unit, r.column("luv", t.key), nil, t.must})
		}
	}
	return nil
}
