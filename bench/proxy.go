package main

// proxy.go - luv.proxy beside what a script would write by hand on ØMQ, and beside thread channels. The one
// rule: both are measured in one process, one after the other.

type proxyFigure struct {
	what, unit, key, limit string
	must                   must
}

var proxyRuns = []struct {
	kind, count string
	figures     []proxyFigure
}{
	{"call", "30000", []proxyFigure{
		{"call of a method, beside REQ/REP inproc", "µs", "call", "zmq", atMost(1)},
		{"  by itself", "µs", "call", "", within(3)},
	}},
	{"many", "320000", []proxyFigure{
		{"64 fibers call, beside DEALER/ROUTER inproc", "calls/s", "calls", "zmq", atLeast(1)},
	}},
	{"batch", "100000", []proxyFigure{{"batch of 100, per call", "µs", "each", "", within(0.6)}}},
	{"asleep", "200", []proxyFigure{{"owner asleep, beside a thread channel", "µs", "call", "chan", atMost(1.3)}}},
	{"held", "250000", []proxyFigure{{"a proxy that is held, both sides", "bytes", "bytes", "", within(300)}}},
	{"create", "400", []proxyFigure{{"thread with a proxy, beyond one with a number", "µs", "more", "", within(10)}}},
}

// Over tcp, both ends in processes of their own: luv's, or a ROUTER and a DEALER in C with as many under way.
func (b *bench) proxyTCP(lua string) error {
	ends := func(server, client zmqEnd, last ...string) func() (values, error) {
		return func() (values, error) {
			return b.meeting(server, func(endpoint string) []string { return client.with(append([]string{endpoint}, last...)...) })
		}
	}
	luv := zmqEnd{lua, "bench/proxy.lua"}
	r, err := b.turns(b.rounds,
		contender{"C", "", ends(b.zmqC().with("router"), b.zmqC().with("dealer"), "100000", "24")},
		contender{"luv", "C", ends(luv.with("server"), luv.with("tcp"), "100000")})
	if err != nil {
		return err
	}
	b.table.add(figure{"over tcp, 64 fibers, beside DEALER/ROUTER in C", lua, "calls/s", r.column("luv", "rate"), r.column("C", "rate"), atLeast(0.7)})
	return nil
}

func (b *bench) proxy() error {
	for _, lua := range b.luas {
		if err := b.proxyTCP(lua); err != nil {
			return err
		}
		for _, p := range proxyRuns {
			r, err := b.turns(b.rounds, b.threadRun("luv", "", lua, "bench/proxy.lua", p.kind, p.count))
			if err != nil {
				return err
			}
			for _, f := range p.figures {
				var limit []float64
				if f.limit != "" {
					limit = r.column("luv", f.limit)
				}
				b.table.add(figure{f.what, lua, f.unit, r.column("luv", f.key), limit, f.must})
			}
			if p.kind == "many" && !isJIT(lua) {
				b.table.add(figure{"  800,000 calls", lua, "s", inverse(r.column("luv", "calls"), 8e5), nil, within(1)})
			}
		}
	}
	return nil
}
