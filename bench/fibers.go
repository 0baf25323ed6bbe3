package main

import "strconv"

// fibers.go - switching, making and keeping fibers, each beside the C API of its own Lua.
// The one rule: all on one CPU, the same for all, because these are figures of one thread.

// program is a contender that is one process and prints what it measured.
func (b *bench) program(name, limit string, argv ...string) contender {
	s := spec{argv: argv, pin: b.cpu(0)}
	return contender{name, limit, func() (values, error) { return b.run(s) }}
}

// A yield is judged by the loop in C that yields in the same way: by coroutine.yield, or
// by a C function, as luv.fiber.yield is one. The latter is shown beside both.
func (b *bench) switches(n int, most, mostJIT float64) error {
	count := strconv.Itoa(n)
	const fiber, coroutine = "luv.fiber.yield", "coroutine.yield"
	for _, lua := range b.luas {
		m := atMost(most)
		if isJIT(lua) {
			m = atMost(mostJIT)
		}
		r, err := b.turns(b.rounds,
			b.program("C", "", b.path("switch-"+lua), count),
			b.program("C api", "", b.path("switch-"+lua), count, "api"),
			b.program(fiber, "C api", lua, "bench/switch.lua", count, "luv"),
			b.program(coroutine, "C", lua, "bench/switch.lua", count, "native"))
		if err != nil {
			return err
		}
		for _, f := range []struct {
			what, name, limit string
			m                 must
		}{
			{b.table.workload + ", " + fiber, fiber, "C api", m},
			{"  the same beside coroutine.yield in C", fiber, "C", told},
			{b.table.workload + ", " + coroutine, coroutine, "C", m},
		} {
			b.table.add(figure{f.what, lua, "ns", r.column(f.name, "ns"), r.column(f.limit, "ns"), f.m})
		}
	}
	return nil
}

// Twice: the first 10,000 of a process, which touch memory that is new to it, and batch
// after batch of a program that goes on, where they are collected too. A fiber is a Lua
// thread and an object, so the same is shown beside C that makes both.
func (b *bench) create() error {
	for _, lua := range b.luas {
		r, err := b.turns(b.rounds,
			b.program("C", "", b.path("create-"+lua)),
			b.program("C object", "", b.path("create-"+lua), "object"),
			b.program("luv", "C", lua, "bench/create.lua"))
		if err != nil {
			return err
		}
		for _, f := range []struct {
			what, limit, key string
			m                must
		}{
			{"create + first run, first 10,000 fibers", "C", "first", atMost(1.4)},
			{"create + first run, going on", "C", "us", atMost(1.4)},
			{"  beside a thread and an object in C", "C object", "us", told},
		} {
			b.table.add(figure{f.what, lua, "µs", r.column("luv", f.key), r.column(f.limit, f.key), f.m})
		}
	}
	return nil
}

// Judged by the growth of the process, which is never less than what the collector counts.
func (b *bench) memory() error {
	for _, lua := range b.luas {
		r, err := b.turns(min(b.rounds, 3),
			b.program("C", "", b.path("create-"+lua), "memory"),
			b.program("luv", "C", lua, "bench/create.lua", "memory"))
		if err != nil {
			return err
		}
		most := within(1.6)
		if isJIT(lua) {
			most = within(0.8)
		}
		b.table.add(figure{"memory of a suspended fiber", lua, "KB",
			kilo(r.column("luv", "rss")), kilo(r.column("C", "rss")), most})
		b.table.add(figure{"memory, what the collector counts of it", lua, "KB",
			kilo(r.column("luv", "bytes")), kilo(r.column("C", "bytes")), told})
	}
	return nil
}

func kilo(bytes []float64) []float64 {
	list := make([]float64, len(bytes))
	for i, n := range bytes {
		list[i] = n / 1024
	}
	return list
}
