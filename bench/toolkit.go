package main

// toolkit.go - channels, mutex, select and scope. Their limits are luv's own: what a switch
// costs, and ten fibers spawned and joined by hand. The one rule: both sides of a ratio come
// from one process, round by round.

func (b *bench) toolkit() error {
	const name = "luv"
	for _, lua := range b.luas {
		r, err := b.turns(b.rounds, b.program(name, "", lua, "bench/toolkit.lua"))
		if err != nil {
			return err
		}
		for _, f := range []struct {
			what, key, limit string
			m                must
		}{
			{"channel, unbuffered, per value, beside a switch", "unbuffered", "switch", atMost(2.5)},
			{"channel of 64, per value, beside a switch", "buffered", "switch", atMost(1.5)},
			{"mutex, lock and unlock", "lock", "switch", within(60)},
			{"put, and select over 4 channels", "select", "switch", within(400)},
			{"scope of 10 that sleep 0, beside spawn and join", "scope", "hand", atMost(1.5)},
		} {
			b.table.add(figure{f.what, lua, "ns", r.column(name, f.key), r.column(name, f.limit), f.m})
		}
	}
	return nil
}
