package main

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// server.go - a server of the benchmark, and the load on it. The one rule: a server lives
// for one run of the load, so that no contender inherits what an earlier load left behind.

type server struct {
	cmd  *exec.Cmd
	port string // or a path
}

// shape is how the load looks.
type shape struct {
	conns, size, depth int
	connect            bool
	unix               bool   // over a unix socket
	mode               string // what echo.lua is told
}

const (
	warm    = "0.1" // seconds before the clock starts
	counted = "0.4" // seconds that count
)

// A port that was free a moment ago is still free, as the kernel hands them out in turn.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// serve starts a server; its port follows after the second word of an interpreter, or
// after the first of a program, and then whatever is left.
func (b *bench) serve(s spec, extra ...string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	return b.serveAt(port, s, extra...)
}

// serveAt is serve at a port or a path.
func (b *bench) serveAt(port string, s spec, extra ...string) (*server, error) {
	s.argv = append(append(append([]string{}, s.argv...), port), extra...)
	cmd := b.command(b.ctx, s)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	v := &server{cmd, port}
	if err := ready(bufio.NewReader(out)); err != nil {
		v.stop()
		return nil, fmt.Errorf("%s: %w", strings.Join(s.argv, " "), err)
	}
	return v, nil
}

func ready(out *bufio.Reader) error {
	said := make(chan error, 1)
	go func() {
		word, err := out.ReadString('\n')
		if err == nil && strings.TrimSpace(word) != "ready" {
			err = fmt.Errorf("said %q", word)
		}
		said <- err
	}()
	select {
	case err := <-said:
		return err
	case <-time.After(10 * time.Second):
		return fmt.Errorf("is not ready after 10 s")
	}
}

// reach waits until a server that says nothing listens.
func (v *server) reach() error {
	var err error
	for range 200 {
		var c net.Conn
		if c, err = net.Dial("tcp", "127.0.0.1:"+v.port); err == nil {
			return c.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func (v *server) stop() {
	v.cmd.Process.Kill()
	v.cmd.Wait()
}

func (b *bench) loadSpec(v *server, l shape, seconds string) spec {
	argv := []string{b.path("load"), v.port, strconv.Itoa(l.conns), strconv.Itoa(l.size),
		strconv.Itoa(l.depth), warm, seconds, strconv.Itoa(v.cmd.Process.Pid)}
	if l.connect {
		argv = append(argv, "connect")
	}
	return spec{argv: argv, pin: b.cpu(len(b.cpus) - 1)}
}

// under is a contender: the server s under the load l.
func (b *bench) under(name, limit string, l shape, s spec) contender {
	return contender{name, limit, func() (values, error) {
		serve := b.serve
		if l.unix {
			serve = func(s spec, extra ...string) (*server, error) { return b.serveAt(b.path("echo.sock"), s, extra...) }
		}
		var extra []string
		if l.mode != "" {
			extra = []string{l.mode}
		}
		v, err := serve(s, extra...)
		if err != nil {
			return nil, err
		}
		defer v.stop()
		return b.run(b.loadSpec(v, l, counted))
	}}
}
