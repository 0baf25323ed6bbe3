package tests

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
)

// The server of the README, which tells on a line of its own what luv has counted.
const echoServer = `
	local luv = require("luv")
	local server = assert(luv.net.tcp():bind("127.0.0.1", 0)):listen()
	io.write(server:getsockname().port, "\n") io.flush()
	while true do
		local client = server:accept()
		luv.spawn(function()
			while true do
				local n, data = client:read()
				if not n then return client:close() end
				if data == "count\n" then data = luv.stats().go_callbacks .. "\n" end
				client:write(data)
			end
		end)
	end`

// In the steady state no request enters Go: the data plane is C's (DESIGN's first rule).
func TestEchoDoesNotEnterGo(t *testing.T) {
	const connections, requests = 20, 50
	for _, lua := range interpreters(t) {
		t.Run(lua, func(t *testing.T) {
			port := serve(t, lua, echoServer)
			var all [connections]net.Conn
			for i := range all {
				all[i] = dial(t, port)
				ask(t, all[i], "warm\n")
			}
			before := ask(t, all[0], "count\n")
			for i := range requests {
				for _, c := range all {
					question := fmt.Sprintf("request %d\n", i)
					if got := ask(t, c, question); got != question {
						t.Fatalf("asked %q, got %q", question, got)
					}
				}
			}
			if after := ask(t, all[0], "count\n"); after != before {
				t.Errorf("%d requests: Go was entered %s times, %s before them", connections*requests,
					strings.TrimSpace(after), strings.TrimSpace(before))
			}
		})
	}
}

// serve runs a server in an interpreter of its own, and returns its port.
func serve(t *testing.T, lua, text string) string {
	t.Helper()
	cmd := exec.Command(lua, script(t, text))
	cmd.Env = where(sharedObject(t))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func dial(t *testing.T, port string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends a line and returns the line that comes back.
func ask(t *testing.T, c net.Conn, question string) string {
	t.Helper()
	if _, err := io.WriteString(c, question); err != nil {
		t.Fatal(err)
	}
	answer, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
