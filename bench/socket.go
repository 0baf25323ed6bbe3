package main

import (
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// socket.go - luv.socket beside LuaSocket and copas, under clients that know nothing of luv. The one rule:
// the servers are the same for both, and begun anew for each line of the table.

const (
	getsAlone  = "30000"
	getsFibers = "100000"
	fetches    = "4000"
)

// has tells whether the interpreter finds what a line needs; one that is missing is left out.
func has(lua string, modules ...string) bool {
	for _, m := range modules {
		if exec.Command(lua, "-e", "require('"+m+"')").Run() != nil {
			return false
		}
	}
	return true
}

// beside measures one line: the same mode of socket.lua with luv, and with another below.
func (b *bench) beside(what, lua, other, key, unit string, luvArgs, otherArgs []string, m must) error {
	script := func(name, limit string, args []string) contender {
		return b.program(name, limit, append([]string{lua, "bench/socket.lua"}, args...)...)
	}
	r, err := b.turns(b.rounds, script(other, "", otherArgs), script("luv", other, luvArgs))
	if err != nil {
		return err
	}
	b.table.add(figure{what, lua, unit, r.column("luv", key), r.column(other, key), m})
	return nil
}

func (b *bench) socket() error {
	for _, lua := range b.luas {
		if !has(lua, "socket") {
			continue
		}
		for _, f := range []func(string) error{b.socketRedis, b.socketHTTP, b.socketBig, b.socketAlone} {
			if err := f(lua); err != nil {
				return err
			}
		}
	}
	return nil
}

// redis starts a server of Redis; "" if there is none here.
func (b *bench) redis() (port string, stop func(), err error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return "", nil, nil
	}
	if port, err = freePort(); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(b.ctx, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", b.dir)
	if err = cmd.Start(); err != nil {
		return "", nil, err
	}
	for range 100 {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			c.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return port, func() { cmd.Process.Signal(syscall.SIGKILL); cmd.Wait() }, nil
}

func (b *bench) socketRedis(lua string) error {
	port, stop, err := b.redis()
	if err != nil || port == "" || !has(lua, "redis") {
		return err
	}
	defer stop()
	blocking := []string{"redis", "luasocket", port, "1", getsAlone}
	err = b.beside("redis-lua GET, 1 fiber, beside LuaSocket", lua, "LuaSocket", "rate", "req/s",
		[]string{"redis", "luv", port, "1", getsAlone}, blocking, atLeast(0.95))
	if err != nil {
		return err
	}
	return b.beside("redis-lua GET, 100 fibers, beside LuaSocket", lua, "LuaSocket", "rate", "req/s",
		[]string{"redis", "luv", port, "100", getsFibers}, blocking, atLeast(3))
}

func (b *bench) socketHTTP(lua string) error {
	if !has(lua, "copas", "socket.http") {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	page := strings.Repeat("x", 1024)
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, page) }))
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	return b.beside("socket.http GET of 1 KB, 100 fibers, beside copas", lua, "copas", "rate", "req/s",
		[]string{"http", "luv", port, "100", fetches}, []string{"http", "copas", port, "100", fetches}, atLeast(2))
}

// feed sends 64 MB to who asks by an "r", and takes all that anybody else sends.
func feed(c net.Conn) {
	defer c.Close()
	word := make([]byte, 1)
	if _, err := c.Read(word); err == nil && word[0] == 'r' {
		c.Write(make([]byte, 1<<26))
	} else {
		io.Copy(io.Discard, struct{ io.Reader }{c})
	}
}

func (b *bench) socketBig(lua string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go feed(c)
		}
	}()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	for _, way := range []struct{ what, way string }{{"64 MB by receive(\"*a\")", "receive"}, {"64 MB by send", "send"}} {
		err := b.beside(way.what+", beside LuaSocket", lua, "LuaSocket", "mbps", "MB/s",
			[]string{"big", "luv", port, way.way}, []string{"big", "luasocket", port, way.way}, atLeast(0.9))
		if err != nil {
			return err
		}
	}
	return nil
}

// socketAlone has the lines that compare luv with luv, in one process.
func (b *bench) socketAlone(lua string) error {
	r, err := b.turns(b.rounds, b.program("line", "", lua, "bench/socket.lua", "line", "luv"),
		b.program("select", "", lua, "bench/socket.lua", "select", "luv"))
	if err != nil {
		return err
	}
	b.table.add(figure{"a line sent and received, beside stream methods", lua, "µs", r.column("line", "socket"),
		r.column("line", "stream"), atMost(2)})
	b.table.add(figure{"select over 1,000, beside luv.select over 10", lua, "µs", r.column("select", "thousand"),
		r.column("select", "ten"), atMost(5)})
	return nil
}
