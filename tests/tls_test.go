package tests

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The script makes a pair, and then serves a client of Go's, or is the client of a server of Go's.
const tlsScript = `
local luv = require("luv")
local role, dir = arg[1], arg[2]
local function echo(s)
  local data = s:read_exactly(1000000)
  s:write(data)
end
if role == "server" then
  local cert, key = luv.tls.selfsigned{"localhost", "127.0.0.1"}
  luv.fs.writefile(dir .. "/cert.pem", cert)
  luv.fs.writefile(dir .. "/key.pem", key)
  local l = assert(luv.tls.listen("127.0.0.1", 0, {cert = cert, key = key, alpn = {"test"}}))
  print(l:getsockname().port)
  io.stdout:flush()
  for _ = 1, 2 do
    local s = l:accept()
    echo(s)
    assert(select(3, s:read()) == "EOF")
    s:close()
  end
else
  local config = luv.tls.config{ca = dir .. "/cert.pem", alpn = "test"}
  for i = 1, 2 do
    local s = assert(luv.tls.connect("127.0.0.1", tonumber(arg[3]), config, 20))
    assert(s:info().alpn == "test" and s:info().resumed == (i == 2))
    echo(s)
    s:shutdown()
    assert(select(3, s:read()) == "EOF")
    s:close()
  end
end
print("well")
`

func tlsCommand(t *testing.T, lua string, args ...string) *exec.Cmd {
	t.Helper()
	script := filepath.Join(t.TempDir(), "tls.lua")
	if err := os.WriteFile(script, []byte(tlsScript), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("timeout", append([]string{"60", lua, script}, args...)...)
	cmd.Env = append(os.Environ(), "LUA_CPATH="+root(t)+"/?.so;;")
	cmd.Stderr = os.Stderr
	return cmd
}

// exchange sends a million bytes and reads them again, then closes.
func exchange(t *testing.T, c *tls.Conn) {
	t.Helper()
	sent := make(chan error, 1)
	go func() { _, err := c.Write(make([]byte, 1000000)); sent <- err }()
	if _, err := io.ReadFull(c, make([]byte, 1000000)); err != nil {
		t.Error(err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// The second connection takes the session of the first one up again.
func TestTLSServerForClientsOfGo(t *testing.T) {
	for _, lua := range interpreters(t) {
		dir := t.TempDir()
		cmd := tlsCommand(t, lua, "server", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 16)
		n, _ := out.Read(line)
		port := strings.TrimSpace(string(line[:n]))
		pem, _ := os.ReadFile(filepath.Join(dir, "cert.pem"))
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		cfg := &tls.Config{RootCAs: pool, NextProtos: []string{"test"}, ClientSessionCache: tls.NewLRUClientSessionCache(2)}
		for i := range 2 {
			c, err := tls.Dial("tcp", "127.0.0.1:"+port, cfg)
			if err != nil {
				t.Fatal(err)
			}
			exchange(t, c)
			if s := c.ConnectionState(); s.DidResume != (i == 1) || s.NegotiatedProtocol != "test" {
				t.Errorf("resumed %v, protocol %q", s.DidResume, s.NegotiatedProtocol)
			}
		}
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", lua, err)
		}
		goServer(t, lua, dir)
	}
}

// goServer is Go's own, for luv as a client, with the pair that luv has made.
func goServer(t *testing.T, lua, dir string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"test"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			exchange(t, c.(*tls.Conn))
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	out, err := tlsCommand(t, lua, "client", dir, port).Output()
	if err != nil || strings.TrimSpace(string(out)) != "well" {
		t.Errorf("%s: %v %q", lua, err, out)
	}
}
