package bridge

import (
	"net/netip"
	"strconv"
	"time"

	"luv/lua"
	"luv/uv"
)

var tcpClass = lua.NewClass("luv.tcp")

func tcpOf(c *lua.Call) *uv.TCP { return uv.TCPOf(c.Object(1, tcpClass)) }

func tcpObject(t *uv.TCP) lua.Object {
	return lua.Object{Class: tcpClass, Pointer: t.Object()}
}

// parseIP reads a literal address; "*" and "" are all of IPv4's.
func parseIP(host string) (netip.Addr, bool) {
	if host == "*" || host == "" {
		return netip.IPv4Unspecified(), true
	}
	ip, err := netip.ParseAddr(host)
	return ip, err == nil
}

// port is a number, or a string of its digits.
func port(c *lua.Call, i int) int {
	if !c.IsString(i) {
		return c.Int(i, 0, 65535)
	}
	n, err := strconv.ParseUint(c.String(i), 10, 16)
	if err != nil {
		c.Bad(i, "port from 0 to 65535 expected")
	}
	return int(n)
}

// tcp = tcp:bind(host, port[, {ipv6only, reuseaddr, reuseport}[, timeout]]): suspends for a
// name that is not in /etc/hosts
func tcpBind(c *lua.Call) {
	t, host, p, o, timeout := tcpOf(c), c.String(2), port(c, 3), c.Fields(4), c.Timeout(5)
	flags := uv.BindFlags{IPv6Only: o["ipv6only"] == true, ReusePort: o["reuseport"] == true, Exclusive: o["reuseaddr"] == false}
	bind := func(ip netip.Addr) error { return t.Bind(netip.AddrPortFrom(ip, uint16(p)), flags) }
	if host == "localhost" { // libuv gives the object its family here
		c.Done(bind(netip.AddrFrom4([4]byte{127, 0, 0, 1})), host)
		return
	}
	bindHost(c, &t.Handle, host, "ip", timeout, bind)
}

// tcp = tcp:listen([backlog = 511])
func tcpListen(c *lua.Call) {
	c.Done(tcpOf(c).ListenFibers(c.OptInt(2, 511, 0, maxBacklog)))
}

func address(a netip.AddrPort) lua.Table {
	family := "inet"
	if !a.Addr().Unmap().Is4() {
		family = "inet6"
	}
	return lua.Table{
		{Key: "family", Value: family},
		{Key: "address", Value: a.Addr().String()},
		{Key: "port", Value: int(a.Port())},
	}
}

// {family, address, port} = tcp:getsockname()
func tcpGetsockname(c *lua.Call) { reply(c)(tcpOf(c).Getsockname()) }

// {family, address, port} = tcp:getpeername()
func tcpGetpeername(c *lua.Call) { reply(c)(tcpOf(c).Getpeername()) }

func reply(c *lua.Call) func(netip.AddrPort, error) {
	return func(a netip.AddrPort, err error) {
		if err != nil {
			c.Fail(err)
			return
		}
		c.Return(address(a))
	}
}

// tcp = tcp:keepalive(on[, seconds = 60])
func tcpKeepAlive(c *lua.Call) {
	t, on := tcpOf(c), c.Bool(2)
	c.Done(t.KeepAlive(on, time.Duration(c.OptInt(3, 60, 1, 32767))*time.Second))
}

// tcp = tcp:nodelay(on)
func tcpNoDelay(c *lua.Call) { c.Done(tcpOf(c).NoDelay(c.Bool(2))) }

// tcp = tcp:close_reset(): closes with a reset
func tcpCloseReset(c *lua.Call) { c.Done(tcpOf(c).CloseReset()) }

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.tcp",
		Methods: append(streamMethods(
			lua.Func{Name: "bind", Args: 4, Go: tcpBind, Waits: true},
			lua.Func{Name: "listen", Args: 1, Go: tcpListen},
			lua.Func{Name: "connect", Args: 3, Face: "tcp_connect", Go: tcpConnect, Waits: true},
			lua.Func{Name: "getsockname", Go: tcpGetsockname},
			lua.Func{Name: "getpeername", Go: tcpGetpeername},
			lua.Func{Name: "keepalive", Args: 2, Go: tcpKeepAlive},
			lua.Func{Name: "nodelay", Args: 1, Go: tcpNoDelay},
			lua.Func{Name: "close_reset", Go: tcpCloseReset},
			lua.Func{Name: "linger", Args: 1, Go: tcpLinger},
			lua.Func{Name: "open", Args: 1, Go: tcpOpen},
		), socketMethods(tcpOf)...),
	})
}
