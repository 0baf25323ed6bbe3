package main

import "strconv"

// udp.go - the UDP echo server beside the bare libuv server. The one rule: the server has one
// CPU and the load, which costs less, another; so the packets per second are the server's.

func (b *bench) underUDP(name, limit string, peers, depth int, s spec) contender {
	return contender{name, limit, func() (values, error) {
		v, err := b.serve(s)
		if err != nil {
			return nil, err
		}
		defer v.stop()
		return b.run(spec{argv: []string{b.path("udpload"), v.port, strconv.Itoa(peers), "64",
			strconv.Itoa(depth), warm, counted, strconv.Itoa(v.cmd.Process.Pid)}, pin: b.cpu(len(b.cpus) - 1)})
	}}
}

func (b *bench) udp(peers, depth int, rate must) error {
	list := []contender{b.underUDP("C", "", peers, depth, spec{argv: []string{b.path("udp")}, pin: b.cpu(0)})}
	for _, lua := range b.luas {
		list = append(list, b.underUDP(lua, "C", peers, depth, spec{argv: []string{lua, "bench/udp.lua"}, pin: b.cpu(0)}))
	}
	r, err := b.turns(b.rounds, list...)
	if err != nil {
		return err
	}
	for _, lua := range b.luas {
		b.table.add(figure{b.table.workload, lua, "pkt/s", r.column(lua, "rate"), r.column("C", "rate"), rate})
		b.table.add(figure{"  CPU", lua, "µs/pkt", r.column(lua, "cpu"), r.column("C", "cpu"), told})
	}
	return nil
}
