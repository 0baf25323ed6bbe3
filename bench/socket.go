package main

import (
	"io"
	"net"
	"strconv"
)

// socket.go - luv.socket beside LuaSocket, and beside what it stands on: clients.go has the clients. The one
// rule: what compares luv with luv is measured in one process.

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
		for _, f := range []func(string) error{b.socketBig, b.socketAlone} {
			if err := f(lua); err != nil {
				return err
			}
		}
	}
	return nil
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
			[]string{"big", "luv", port, way.way}, []string{"big", "plain", port, way.way}, atLeast(0.9))
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
