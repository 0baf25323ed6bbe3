package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// echo.go - the echo server under every shape of load, beside the bare libuv server. The
// one rule: the server has one CPU and the load another, and what is counted is the time
// of the server's CPU, which the load cannot distort; only MB/s and one connection are
// figures of both sides together.

var oneP = []string{"GOMAXPROCS=1"}

func (b *bench) echo(l shape, key, unit string, m must) error {
	list := []contender{b.under("C", "", l, spec{argv: []string{b.path("echo")}, pin: b.cpu(0)})}
	for _, lua := range b.luas {
		s := spec{argv: []string{lua, "bench/echo.lua"}, pin: b.cpu(0)}
		list = append(list, b.under(lua, "C", l, s))
		s.env = oneP
		list = append(list, b.under(lua+" 1", "C", l, s))
	}
	r, err := b.turns(b.rounds, list...)
	if err != nil {
		return err
	}
	for _, lua := range b.luas {
		limit := r.column("C", key)
		b.table.add(figure{b.table.workload, lua, unit, r.column(lua, key), limit, m})
		b.table.add(figure{b.table.workload + ", GOMAXPROCS=1", lua, unit,
			r.column(lua+" 1", key), limit, m})
	}
	return nil
}

// One connection: here the server may use both CPUs, since a server that knows it has only
// one has no reason to poll while it waits.
func (b *bench) echoOne() error {
	l := shape{conns: 1, size: 64, depth: 1}
	both := strings.Join(b.cpus, ",")
	list := []contender{b.under("C", "", l, spec{argv: []string{b.path("echo")}, pin: both})}
	for _, lua := range b.luas {
		s := spec{argv: []string{lua, "bench/echo.lua"}, pin: both}
		list = append(list, b.under(lua, "C", l, s))
	}
	r, err := b.turns(b.rounds, list...)
	if err != nil {
		return err
	}
	rate, cpu := atLeast(2), atMost(1)
	if len(b.cpus) < 2 {
		rate, cpu = told, told // polling is off on one CPU, as it must be
	}
	for _, lua := range b.luas {
		b.table.add(figure{b.table.workload + ", two CPUs", lua, "req/s", r.column(lua, "rate"),
			r.column("C", "rate"), rate})
		b.table.add(figure{b.table.workload + ", two CPUs", lua, "µs/req", r.column(lua, "cpu"),
			r.column("C", "cpu"), cpu})
	}
	return nil
}

// ---- Go callbacks ---------------------------------------------------------------------

// callbacks asks a server under load, twice, how often libuv has called Go. All
// connections are open by the first time, so what is left is the echo itself.
func (b *bench) callbacks() error {
	for _, lua := range b.luas {
		s := spec{argv: []string{lua, "bench/echo.lua"}, pin: b.cpu(0)}
		per, err := b.callbacksOf(s)
		if err != nil {
			return err
		}
		b.table.add(figure{"echo, Go callbacks per request", lua, "calls", []float64{per}, nil,
			within(0)})
	}
	return nil
}

func (b *bench) callbacksOf(s spec) (float64, error) {
	v, err := b.serve(s, "stats")
	if err != nil {
		return 0, err
	}
	defer v.stop()
	asking, err := net.Dial("tcp", "127.0.0.1:"+v.port)
	if err != nil {
		return 0, err
	}
	defer asking.Close()
	load := make(chan error, 1)
	go func() {
		_, err := b.run(b.loadSpec(v, shape{conns: 50, size: 64, depth: 1}, "1.0"))
		load <- err
	}()
	per, err := counts(asking)
	return per, errorsOf(err, <-load)
}

func counts(asking net.Conn) (float64, error) {
	time.Sleep(300 * time.Millisecond)
	before, err := stats(asking)
	if err != nil {
		return 0, err
	}
	time.Sleep(500 * time.Millisecond)
	after, err := stats(asking)
	if err != nil {
		return 0, err
	}
	// Each request is one switch, or less when a fiber finds the next one waiting.
	requests := after["switches"] - before["switches"]
	if requests < 1000 {
		return 0, fmt.Errorf("only %.0f switches under load", requests)
	}
	return (after["go_callbacks"] - before["go_callbacks"]) / requests, nil
}

func stats(asking net.Conn) (values, error) {
	asking.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(asking, "stats?"); err != nil {
		return nil, err
	}
	answer := make([]byte, 256)
	n, err := asking.Read(answer)
	if err != nil {
		return nil, err
	}
	return parse(string(answer[:n]))
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}
