package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// clients.go - code that knows nothing of luv, beside itself on what it was written for. The one rule:
// the client has one CPU, the server the other, and all contenders run bench/clients.lua.

// has reports whether a Lua has the modules; without them there is nothing to compare with.
func has(lua string, modules ...string) bool {
	for _, m := range modules {
		if exec.Command(lua, "-e", "require('"+m+"')").Run() != nil {
			fmt.Fprintf(os.Stderr, "bench: no module %s for %s: not measured\n", m, lua)
			return false
		}
	}
	return true
}

// client is a contender that runs bench/clients.lua with a server's port.
func (b *bench) client(name, limit, lua string, serve func() (*server, error), what, impl string, fibers, count int) contender {
	return contender{name, limit, func() (values, error) {
		v, err := serve()
		if err != nil {
			return nil, err
		}
		defer v.stop()
		return b.run(spec{argv: []string{lua, "bench/clients.lua", what, impl, v.port, strconv.Itoa(fibers), strconv.Itoa(count)}, pin: b.cpu(0)})
	}}
}

func (b *bench) redisServer() (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := b.command(b.ctx, spec{argv: []string{"redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", b.dir}, pin: b.cpu(len(b.cpus) - 1)})
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	v := &server{cmd, port}
	if err := v.reach(); err != nil {
		v.stop()
		return nil, err
	}
	return v, nil
}

// redis is GET by redis.lua, in one fiber and in a hundred, beside LuaSocket, which blocks.
func (b *bench) redis() error {
	if _, err := exec.LookPath("redis-server"); err != nil {
		fmt.Fprintln(os.Stderr, "bench: redis-server is missing: not measured")
		return nil
	}
	for _, lua := range b.luas {
		if !has(lua, "socket", "redis") {
			continue
		}
		r, err := b.turns(b.rounds,
			b.client("LuaSocket", "", lua, b.redisServer, "redis", "plain", 1, 20000),
			b.client("1", "LuaSocket", lua, b.redisServer, "redis", "luv", 1, 20000),
			b.client("100", "LuaSocket", lua, b.redisServer, "redis", "luv", 100, 60000))
		if err != nil {
			return err
		}
		b.table.add(figure{"redis.lua GET, 1 fiber, beside LuaSocket", lua, "req/s", r.column("1", "rate"), r.column("LuaSocket", "rate"), atLeast(0.95)})
		b.table.add(figure{"redis.lua GET, 100 fibers, beside LuaSocket", lua, "req/s", r.column("100", "rate"), r.column("LuaSocket", "rate"), atLeast(3)})
		b.table.add(figure{"  CPU of a request, 1 fiber", lua, "µs", r.column("1", "cpu"), r.column("LuaSocket", "cpu"), told})
	}
	return nil
}

func (b *bench) httpServer() (*server, error) {
	return b.serve(spec{argv: []string{b.path("httpload")}, pin: b.cpu(len(b.cpus) - 1)})
}

// http is GET by socket.http in a hundred fibers, beside copas, and beside one after the other.
func (b *bench) http() error {
	if err := quietly(exec.Command("go", "build", "-buildvcs=false", "-o", b.path("httpload"), "./bench/load/http")); err != nil {
		return err
	}
	for _, lua := range b.luas {
		if !has(lua, "socket", "copas") {
			continue
		}
		r, err := b.turns(b.rounds,
			b.client("copas", "", lua, b.httpServer, "http", "copas", 100, 4000),
			b.client("LuaSocket", "", lua, b.httpServer, "http", "plain", 1, 4000),
			b.client("luv", "copas", lua, b.httpServer, "http", "luv", 100, 4000))
		if err != nil {
			return err
		}
		b.table.add(figure{"socket.http GET 1 KB, 100 fibers, beside copas", lua, "req/s", r.column("luv", "rate"), r.column("copas", "rate"), atLeast(2)})
		b.table.add(figure{"  beside LuaSocket, one by one", lua, "req/s", r.column("luv", "rate"), r.column("LuaSocket", "rate"), told})
	}
	return nil
}
