package main

// calls.go - single calls: pcall and timeout that do not wait, and require. The one rule:
// what is short is done often inside one process, and a process is started often.

// luv.timeout is a pcall, with two looks at the clock.
func (b *bench) pcall() error {
	for _, lua := range b.luas {
		r, err := b.turns(b.rounds, b.program("luv", "", lua, "bench/pcall.lua"))
		if err != nil {
			return err
		}
		b.table.add(figure{"luv.timeout of a call that does not wait", lua, "ns",
			r.column("luv", "timeout"), nil, within(130)})
	}
	return nil
}

const starts = "10"

// Not bound to one CPU: the runtime of Go starts beside the interpreter where it can.
func (b *bench) require() error {
	for _, lua := range b.luas {
		r, err := b.turns(2*b.rounds,
			b.starting("C", "", lua, "empty"),
			b.starting("luv", "C", lua, "luv"))
		if err != nil {
			return err
		}
		b.table.add(figure{"require, start to end of the process", lua, "ms wall", r.column("luv", "ms"),
			r.column("C", "ms"), atMost(1.15)})
		b.table.add(figure{"require, memory of the process", lua, "MB", r.column("luv", "mb"),
			r.column("C", "mb"), atMost(1.15)})
	}
	return nil
}

func (b *bench) starting(name, limit, lua, module string) contender {
	s := spec{argv: []string{b.path("start"), starts, lua, "bench/require.lua", module}}
	return contender{name, limit, func() (values, error) { return b.run(s) }}
}
