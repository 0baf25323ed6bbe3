// Command bench measures luv beside its limits: the same work in C on the same library.
//
//	go run ./bench [-rounds N] [-self] [WORD...]
//
// With words it runs the workloads whose names contain one of them. With -self the limit
// takes luv's place, which tells how noisy the machine is: every ratio should be 1.
//
// The one rule: contenders run in turn, round after round, and what is judged is the
// median of the ratios of each round. Figures drift from machine to machine and from
// minute to minute; ratios of two runs side by side hold.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

// A workload measures one thing in all its variants, and adds its figures to the table.
type workload struct {
	name string
	run  func(b *bench) error
}

var workloads = []workload{
	{"switch, 2 fibers", func(b *bench) error { return b.switches(2, 1.1, 1.1) }},
	{"switch, 10,000 fibers", func(b *bench) error { return b.switches(10000, 1.1, 1.1) }},
	{"switch, 100,000 fibers", func(b *bench) error { return b.switches(100000, 1.1, 1.2) }},
	{"anywhere", (*bench).anywhere},
	{"memory of what waits", (*bench).waiting},
	{"create", (*bench).create},
	{"memory of a fiber", (*bench).memory},
	{"echo 64 B, 50 connections", func(b *bench) error {
		return b.echo(shape{conns: 50, size: 64, depth: 1}, "cpu", "µs/req", atMost(1.12))
	}},
	{"echo 64 B, 500 connections", func(b *bench) error {
		return b.echo(shape{conns: 500, size: 64, depth: 1}, "cpu", "µs/req", atMost(1.12))
	}},
	{"echo 64 B, each handler in pcall, 50 connections", func(b *bench) error {
		return b.echo(shape{conns: 50, size: 64, depth: 1, mode: "pcall"}, "cpu", "µs/req", atMost(1.15))
	}},
	{"echo 64 B, each handler in pcall, 500 connections", func(b *bench) error {
		return b.echo(shape{conns: 500, size: 64, depth: 1, mode: "pcall"}, "cpu", "µs/req", atMost(1.15))
	}},
	{"echo 64 B, 50 x 16 in flight", func(b *bench) error {
		return b.echo(shape{conns: 50, size: 64, depth: 16}, "cpu", "µs/req", atMost(1.15))
	}},
	{"echo 64 KB, 10 connections", func(b *bench) error {
		return b.echo(shape{conns: 10, size: 65536, depth: 1}, "mbps", "MB/s", atLeast(0.92))
	}},
	{"echo over a unix socket, 64 B, 50 connections", func(b *bench) error {
		return b.echo(shape{conns: 50, size: 64, depth: 1, unix: true}, "cpu", "µs/req", atMost(1.12))
	}},
	{"echo connect, ask, close", func(b *bench) error {
		return b.echo(shape{conns: 50, size: 64, depth: 1, connect: true}, "cpu", "µs/conn", atMost(1.12))
	}},
	{"echo 64 B, 1 connection", (*bench).echoOne},
	{"tls echo 64 B, 50 connections", func(b *bench) error { return b.tls("echo", 50, 64, "cpu", "µs/req", atMost(1.35), told) }},
	{"tls echo 1 MB, 4 connections", func(b *bench) error { return b.tls("echo", 4, 1<<20, "cpu", "µs/req", atMost(2), atMost(1.25)) }},
	{"tls handshake, ask, close", func(b *bench) error { return b.tls("handshake", 8, 64, "cpu", "µs/conn", told, atMost(1.15)) }},
	{"tls handshake, resumed", func(b *bench) error { return b.tls("resume", 8, 64, "cpu", "µs/conn", told, atMost(1.15)) }},
	{"tls memory of an idle connection", func(b *bench) error { return b.tls("idle", 2000, 64, "kb", "KB", within(14), told) }},
	{"tls echo beside handshakes", (*bench).tlsBeside},
	{"udp echo 64 B, 8 peers x 16 in flight", func(b *bench) error { return b.udp(8, 16, atLeast(0.85)) }},
	{"udp echo 64 B, 1 peer x 1 in flight", func(b *bench) error { return b.udp(1, 1, atLeast(0.85)) }},
	{"clients, redis.lua", (*bench).redis},
	{"clients, socket.http", (*bench).http},
	{"echo Go callbacks", (*bench).callbacks},
	{"sleep", (*bench).sleep},
	{"timer", (*bench).timer},
	{"zmq inproc 11 B, fiber to fiber", (*bench).zmqInproc},
	{"zmq tcp 16 B", func(b *bench) error { return b.zmqTCP(16, 500000, atLeast(0.7)) }},
	{"zmq tcp 1 KB", func(b *bench) error { return b.zmqTCP(1024, 200000, atLeast(0.9)) }},
	{"zmq tcp 64 KB", func(b *bench) error { return b.zmqTCP(65536, 8000, atLeast(0.95)) }},
	{"zmq proxy, tcp 16 B", (*bench).zmqProxy},
	{"zmq REQ/REP over tcp", func(b *bench) error { return b.zmqRoundTrip("tcp") }},
	{"zmq REQ/REP over ipc", func(b *bench) error { return b.zmqRoundTrip("ipc") }},
	{"zmq, 10 busy pairs among 1,000 sockets", (*bench).zmqIdle},
	{"codec", (*bench).codec},
	{"thread", (*bench).thread},
	{"proxy", (*bench).proxy},
	{"fs", (*bench).fs},
	{"process: spawn, cat, signals", (*bench).processes},
	{"pcall and timeout", (*bench).pcall},
	{"toolkit: channels, mutex, select, scope", (*bench).toolkit},
	{"socket: LuaSocket's interface", (*bench).socket},
	{"require", (*bench).require},
}

// bench is one run: where the built programs are, and how to measure.
type bench struct {
	ctx    context.Context
	dir    string
	luas   []string
	cpus   []string
	rounds int
	self   bool
	table  table
}

func (w workload) wanted(words []string) bool {
	for _, word := range words {
		if strings.Contains(w.name, word) {
			return true
		}
	}
	return len(words) == 0
}

// Runs what is wanted. A workload that fails is a figure missed; the others go on.
func (b *bench) all(words []string) {
	b.table.head()
	for _, w := range workloads {
		if !w.wanted(words) || b.ctx.Err() != nil {
			continue
		}
		b.table.workload = w.name
		if err := w.run(b); err != nil {
			b.table.failed(err)
		}
	}
}

func interpreters() []string {
	if luas := strings.Fields(os.Getenv("LUAS")); len(luas) > 0 {
		return luas
	}
	return []string{"lua5.1", "luajit"}
}

func measure(rounds int, self bool, words []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "luv-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{ctx: ctx, dir: dir, luas: interpreters(), cpus: cpus(), rounds: rounds, self: self}
	if err := b.build(); err != nil {
		return err
	}
	start := time.Now()
	b.all(words)
	fmt.Printf("\n%.0f s on %d CPUs, medians of %d rounds, times of CPU unless said otherwise\n",
		time.Since(start).Seconds(), len(b.cpus), rounds)
	fmt.Printf("%d of %d figures met\n", b.table.met, b.table.judged)
	return nil
}

func main() {
	rounds := flag.Int("rounds", 9, "how often the contenders run in turn")
	self := flag.Bool("self", false, "measure each limit against itself")
	flag.Parse()
	if err := measure(max(*rounds, 1), *self, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
