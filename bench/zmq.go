package main

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// zmq.go - ØMQ beside libzmq in C in the same shape. The one rule: of two processes the
// one that is measured is luv or C, and the other end is always C, on the other CPU.

// A zmqEnd is a program that takes the role of bench/zmq.lua and bench/limit/zmq.c.
type zmqEnd []string

func (b *bench) zmqC() zmqEnd             { return zmqEnd{b.path("zmq")} }
func (b *bench) zmqLuv(lua string) zmqEnd { return zmqEnd{lua, "bench/zmq.lua"} }

func (e zmqEnd) with(arguments ...string) []string {
	return append(append([]string{}, e...), arguments...)
}

// each compares luv under every interpreter with C, both made by one function.
func (b *bench) zmqEach(measured func(e zmqEnd) func() (values, error), key, unit string, m map[bool]must) (results, error) {
	list := []contender{{"C", "", measured(b.zmqC())}}
	for _, lua := range b.luas {
		list = append(list, contender{lua, "C", measured(b.zmqLuv(lua))})
	}
	r, err := b.turns(b.rounds, list...)
	if err != nil {
		return nil, err
	}
	for _, lua := range b.luas {
		b.table.add(figure{b.table.workload, lua, unit, r.column(lua, key), r.column("C", key), m[isJIT(lua)]})
	}
	return r, nil
}

func both(m must) map[bool]must { return map[bool]must{false: m, true: m} }

// Fiber to fiber in one thread, and what it needs of Go, which is nothing per message.
func (b *bench) zmqInproc() error {
	r, err := b.zmqEach(func(e zmqEnd) func() (values, error) {
		s := spec{argv: e.with("inproc", "1000000", "11"), pin: b.cpu(0)}
		return func() (values, error) { return b.run(s) }
	}, "rate", "msg/s", map[bool]must{false: atLeast(0.44), true: atLeast(0.6)})
	if err != nil {
		return err
	}
	for _, lua := range b.luas {
		b.table.add(figure{"  Go callbacks of a million messages", lua, "", r.column(lua, "callbacks"), nil, within(20)})
	}
	return nil
}

// Receiving from C, and sending to C.
func (b *bench) zmqTCP(size, count int, m must) error {
	n, bytes := strconv.Itoa(count), strconv.Itoa(size)
	name := b.table.workload
	for _, receives := range []bool{true, false} {
		b.table.workload = name + map[bool]string{true: ", receive", false: ", send"}[receives]
		_, err := b.zmqEach(func(e zmqEnd) func() (values, error) {
			pull, push := e, b.zmqC()
			if !receives {
				pull, push = push, e
			}
			return func() (values, error) {
				return b.meeting(pull.with("pull", n, bytes), func(endpoint string) []string {
					return push.with("push", endpoint, n, bytes)
				})
			}
		}, "rate", "msg/s", both(m))
		if err != nil {
			return err
		}
	}
	return nil
}

// The asking end is measured, against a server in C.
func (b *bench) zmqRoundTrip(transport string) error {
	_, err := b.zmqEach(func(e zmqEnd) func() (values, error) {
		return func() (values, error) {
			endpoint := "tcp://127.0.0.1:*"
			if transport == "ipc" {
				endpoint = "ipc://" + filepath.Join(b.dir, "rep")
			}
			return b.meeting(b.zmqC().with("rep", endpoint), func(endpoint string) []string {
				return e.with("req", endpoint, "5000")
			})
		}
	}, "us", "µs", both(atMost(1.15)))
	return err
}

// Between two ends in C on the first CPU the one that is measured has the second.
func (b *bench) zmqProxy() error {
	_, err := b.zmqEach(func(e zmqEnd) func() (values, error) {
		return func() (values, error) {
			end := func() {}
			defer func() { end() }()
			return b.meeting(b.zmqC().with("pull", "300000", "16"), func(endpoint string) []string {
				front, stop, err := b.endpoint(spec{argv: e.with("proxy", endpoint), pin: b.cpu(1)})
				if end = stop; err != nil {
					return []string{"false"}
				}
				return b.zmqC().with("push", front.Text(), "300000", "16")
			})
		}
	}, "rate", "msg/s", both(atLeast(0.9)))
	return err
}

// endpoint starts a program that binds: what it says begins with where. The program is
// killed, and awaited, by end.
func (b *bench) endpoint(s spec) (says *bufio.Scanner, end func(), err error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	c := b.command(ctx, s)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return nil, cancel, err
	}
	says, end = bufio.NewScanner(out), func() { cancel(); c.Wait() }
	if !says.Scan() {
		err = fmt.Errorf("%s: says no endpoint", strings.Join(s.argv, " "))
	}
	return says, end, err
}

// What a message costs among 10 busy pairs and 980 sockets that only wait, beside as many
// fibers without sockets.
func (b *bench) zmqIdle() error {
	for _, lua := range b.luas {
		r, err := b.turns(b.rounds,
			b.program("fibers", "", lua, "bench/zmq.lua", "idle", "fibers", "980"),
			b.program("sockets", "fibers", lua, "bench/zmq.lua", "idle", "sockets", "980"))
		if err != nil {
			return err
		}
		b.table.add(figure{b.table.workload, lua, "ns", r.column("sockets", "ns"), r.column("fibers", "ns"), atMost(1.05)})
	}
	return nil
}

// meeting starts the end that binds, on the first CPU, then the one that connects, on the
// second. The values are those of the one that prints some.
func (b *bench) meeting(binds []string, connects func(endpoint string) []string) (values, error) {
	lines, end, err := b.endpoint(spec{argv: binds, pin: b.cpu(0)})
	defer end()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	said, err := b.command(ctx, spec{argv: connects(lines.Text()), pin: b.cpu(1)}).Output()
	if err != nil {
		return nil, err
	}
	for lines.Scan() {
		said = append(said, lines.Text()...)
	}
	return parse(string(said))
}
