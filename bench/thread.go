package main

import "strconv"

// thread.go - luv.thread beside bare Lua states in C. The one rule: both use all CPUs.

func (b *bench) threadRun(name, limit string, argv ...string) contender {
	s := spec{argv: argv}
	return contender{name, limit, func() (values, error) { return b.run(s) }}
}

func (b *bench) thread() error {
	for _, lua := range b.luas {
		for _, together := range []string{"1", "8"} {
			if err := b.threadSpawn(lua, together); err != nil {
				return err
			}
		}
		for _, measure := range []func(string) error{b.threadIdle, b.threadCompute, b.threadChan} {
			if err := measure(lua); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) threadSpawn(lua, together string) error {
	r, err := b.turns(b.rounds,
		b.threadRun("C", "", b.path("thread-"+lua), "spawn", "800", together),
		b.threadRun("luv", "C", lua, "bench/thread.lua", "spawn", "800", together))
	if err != nil {
		return err
	}
	b.table.add(figure{"spawn and join, at once: " + together, lua, "µs", r.column("luv", "each"), r.column("C", "each"), atMost(1.6)})
	b.table.add(figure{"  left behind", lua, "bytes", r.column("luv", "left"), nil, within(2048)})
	return nil
}

// An idle thread may take 1.3 times a bare state and 64 KB: the latter are taken off.
func (b *bench) threadIdle(lua string) error {
	r, err := b.turns(b.rounds,
		b.threadRun("C", "", b.path("thread-"+lua), "idle", "100"),
		b.threadRun("luv", "C", lua, "bench/thread.lua", "idle", "100"))
	if err != nil {
		return err
	}
	luv := r.column("luv", "memory")
	for i := range luv {
		luv[i] -= 64
	}
	b.table.add(figure{"an idle thread, less 64 KB", lua, "KB", luv, r.column("C", "memory"), atMost(1.3)})
	return nil
}

func (b *bench) threadCompute(lua string) error {
	list := []contender{}
	for _, n := range []int{1, 4} {
		list = append(list, b.threadRun(strconv.Itoa(n), "", lua, "bench/thread.lua", "compute", strconv.Itoa(n)))
	}
	r, err := b.turns(b.rounds, list...)
	if err != nil {
		return err
	}
	b.table.add(figure{"4 threads that compute, beside one", lua, "rounds/s", r.column("4", "rate"), r.column("1", "rate"), atLeast(1.9)})
	return nil
}

func (b *bench) threadChan(lua string) error {
	r, err := b.turns(b.rounds, b.threadRun("luv", "", lua, "bench/thread.lua", "chan", "1000000"))
	if err != nil {
		return err
	}
	chans := r.column("luv", "chan")
	b.table.add(figure{"thread channel, beside ØMQ inproc", lua, "msg/s", chans, r.column("luv", "zmq"), atLeast(1)})
	b.table.add(figure{"  2 million a second", lua, "s", inverse(chans, 2e6), nil, within(1)})
	return nil
}

// inverse gives the seconds that n take at each of the rates.
func inverse(rates []float64, n float64) []float64 {
	took := make([]float64, len(rates))
	for i, rate := range rates {
		took[i] = n / rate
	}
	return took
}
