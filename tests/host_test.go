package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// hosts compiles a source in lib with each Lua that pkg-config knows: a program that
// makes states, as no stand-alone interpreter does.
func hosts(t *testing.T, source string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, names := range [][]string{{"lua5.1", "lua-5.1", "lua51"}, {"luajit"}} {
		for _, name := range names {
			flags, err := exec.Command("pkg-config", "--cflags", "--libs", name).Output()
			if err != nil {
				continue
			}
			found[names[0]] = compile(t, source, name, strings.Fields(string(flags)))
			break
		}
	}
	if len(found) == 0 {
		t.Skip("no Lua library here that a C program could be linked with")
	}
	return found
}

func compile(t *testing.T, source, name string, flags []string) string {
	t.Helper()
	program := filepath.Join(build, source+"-"+name)
	if _, err := os.Stat(program); err == nil {
		return program
	}
	args := []string{"-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wl,-E", "tests/lib/" + source + ".c", "-o", program}
	args = append(append(args, flags...), "-lpthread", "-ldl")
	if err := quietly(exec.Command("cc", args...)); err != nil {
		t.Fatal(err)
	}
	return program
}

// host runs the program in one of its modes on a script, with every Lua there is. The
// numbers of its last line go to held, with what the program printed.
func host(t *testing.T, mode string, rounds int, text string, held func(t *testing.T, n []int, out string)) {
	t.Helper()
	so := sharedObject(t)
	path := script(t, text)
	for lua, program := range hosts(t, "host") {
		t.Run(lua, func(t *testing.T) {
			cmd := exec.Command(program, mode, strconv.Itoa(rounds), path)
			cmd.Env = where(so)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			held(t, numbers(string(out)), string(out))
		})
	}
}

func numbers(out string) (list []int) {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, word := range strings.Fields(lines[len(lines)-1]) {
		if n, err := strconv.Atoi(word); err == nil {
			list = append(list, n)
		}
	}
	return list
}

// steady wants no growth over the last two thirds of the rounds: none of descriptors,
// of threads no more than Go's runtime may still start, of memory a little.
func steady(t *testing.T, n []int, out string) {
	t.Helper()
	if len(n) != 6 {
		t.Fatalf("the host printed %q", out)
	}
	if n[1] != n[0] {
		t.Errorf("descriptors: %d, and %d at the end", n[0], n[1])
	}
	if n[3] > n[2]+4 {
		t.Errorf("threads: %d, and %d at the end", n[2], n[3])
	}
	if n[5] > n[4]+3072 {
		t.Errorf("kilobytes: %d, and %d at the end", n[4], n[5])
	}
	t.Log(strings.TrimSpace(out))
}

// What a state does in these tests: fibers, timers, TCP, an operation of Go's.
const work = `
	local luv = require("luv")
	local server = assert(luv.net.tcp():bind("127.0.0.1", 0)):listen()
	local port = server:getsockname().port
	local function echo(peer)
		while true do
			local line = peer:read_line()
			if not line then return peer:close() end
			assert(peer:write(line .. "\n"))
		end
	end
	local accepting = luv.spawn(function()
		while true do
			local peer = server:accept()
			if not peer then return end
			luv.spawn(echo, peer)
		end
	end)
	local function client(host)
		local c = assert(luv.net.tcp():connect(host, port))
		for i = 1, 5 do
			assert(c:write(i .. "\n"))
			assert(c:read_line() == tostring(i))
		end
		c:close()
	end
	local timer, ticks = luv.timer.create():start(1, 1), 0
	local ticking = luv.spawn(function() while timer:next() do ticks = ticks + 1 end end)
	local all = {}
	for i = 1, 4 do all[i] = luv.spawn(client, i == 1 and "localhost" or "127.0.0.1") end
	for i = 1, 4 do all[i]:join() end
	luv.sleep(0.002)
	timer:close() server:close()
	ticking:join() accepting:join()
	assert(ticks > 0)
`

func TestHostMakesStatesAnew(t *testing.T) {
	host(t, "again", 60, work, steady)
}

// Nothing is ended here: fibers that sleep, read, write, accept, connect, join and wait
// for Go and for a timer, and objects that are garbage.
func TestHostClosesAStateInTheMiddle(t *testing.T) {
	host(t, "again", 90, `
		local luv = require("luv")
		local server = assert(luv.net.tcp():bind("127.0.0.1", 0)):listen()
		local port = server:getsockname().port
		local a, b = luv.net.socketpair()
		local waits = {
			function() luv.sleep(1000) end,
			function() luv.timer.create():start(1000000):next() end,
			function() a:read() end,
			function() a:write(("x"):rep(500000)) end,
			function() luv.net.getaddrinfo("localhost") end,
			function() luv.net.tcp():connect("127.0.0.1", port) luv.sleep(1000) end,
			function() luv.net.tcp():connect("localhost", port) luv.sleep(1000) end,
			function() while true do server:accept() end end,
			function() luv.fiber.cond():wait() end,
			function() luv.timeout(1000, luv.pcall, luv.sleep, 1000) end,
			function() luv.coroutine.wrap(function() luv.sleep(1000) end)() end,
			function() local i = luv.idle.create():start() while true do i:wait() end end,
			function() while true do luv.fiber.yield() end end,
		}
		for i, wait in ipairs(waits) do waits[i] = luv.spawn(wait) end
		luv.spawn(function() waits[1]:join() end)
		for i = 1, 10 do luv.net.tcp() luv.timer.create():start(0, 1) luv.idle.create():start() end
		luv.fiber.create(print)
		luv.sleep(0.001)
	`, steady)
}

// Each state stays with its thread, and both work at the same time.
func TestHostRunsStatesOnThreads(t *testing.T) {
	host(t, "threads", 45, work, steady)
}

func TestHostRunsStatesInTurns(t *testing.T) {
	host(t, "turns", 20, `
		local luv = require("luv")
		local a, b = luv.net.socketpair()
		local got, slept = 0, 0
		luv.spawn(function() while a:read_exactly(3) do got = got + 1 end end)
		luv.spawn(function() while true do luv.sleep(0.0005) slept = slept + 1 end end)
		function step()
			luv.spawn(function() luv.sleep(0.0002) b:write("abc") end)
			luv.sleep(0.001)
		end
		function done()
			luv.sleep(0.01)
			assert(got >= 20 and slept >= 10, got .. " " .. slept)
			print("done")
		end`, func(t *testing.T, _ []int, out string) {
		if out != "done\ndone\n" {
			t.Errorf("the host printed %q", out)
		}
	})
}

// The coroutine that required luv is garbage when the rest runs.
func TestHostRequiresInACoroutine(t *testing.T) {
	host(t, "coroutine", 0, `
		local luv = require("luv")
		local fiber = luv.spawn(function() luv.sleep(0.002) return "joined" end)
		luv.sleep(0.001)
		function after()
			for i = 1, 1000 do local t = {} end
			collectgarbage()
			print(fiber:join())
			print(luv.spawn(function() luv.sleep(0.001) return "another" end):join())
			print(select(2, luv.pcall(error, "caught", 0)))
		end`, func(t *testing.T, _ []int, out string) {
		if out != "joined\nanother\ncaught\n" {
			t.Errorf("the host printed %q", out)
		}
	})
}

// dlclose must leave the library where it is: Go's threads run in it.
func TestHostClosesTheLibrary(t *testing.T) {
	host(t, "dl", 30, work, steady)
}
