package bridge

import (
	"context"
	"net/netip"

	"luv/lua"
	"luv/uv"
)

var udpClass = lua.NewClass("luv.udp")

func udpOf(c *lua.Call) *uv.UDP { return uv.UDPOf(c.Object(1, udpClass)) }

// udp = luv.net.udp([family])
func udpCreate(c *lua.Call) {
	family, known := map[string]uv.Family{"": uv.Unspecified, "inet": uv.Inet, "inet6": uv.Inet6}[c.OptString(1, "")]
	if !known {
		c.Bad(1, "\"inet\" or \"inet6\" expected")
	}
	u, err := uv.NewUDP(c.Loop(), family)
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(lua.Object{Class: udpClass, Pointer: u.Object()})
}

// udpIP reads a literal address; "localhost" is that of the socket's family.
func udpIP(u *uv.UDP, host string) (netip.Addr, bool) {
	if host != "localhost" {
		ip, err := netip.ParseAddr(host)
		return ip, err == nil
	}
	if u.Family() == uv.Inet6 {
		return netip.IPv6Loopback(), true
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
}

// udp = udp:bind(host, port[, {ipv6only, reuseaddr, reuseport}[, timeout]]): suspends for a
// name that is not in /etc/hosts
func udpBind(c *lua.Call) {
	u, host, p, o, timeout := udpOf(c), c.String(2), port(c, 3), c.Fields(4), c.Timeout(5)
	flags := uv.UDPFlags{IPv6Only: o["ipv6only"] == true, ReuseAddr: o["reuseaddr"] == true, ReusePort: o["reuseport"] == true}
	bind := func(ip netip.Addr) error { return u.Bind(netip.AddrPortFrom(ip, uint16(p)), flags) }
	if ip, ok := udpIP(u, host); ok {
		c.Done(bind(ip), host)
		return
	}
	bindHost(c, &u.Handle, host, networkOf(u.Family()), timeout, bind)
}

// udp = udp:open(fd)
func udpOpen(c *lua.Call) { c.Done(udpOf(c).Open(c.Int(2, 0, 1<<31-1))) }

// lookupUDP resolves a name to addresses that the socket can reach.
func lookupUDP(ctx context.Context, family uv.Family, host string) ([]netip.Addr, error) {
	return lookupAll(ctx, networkOf(family), host)
}

// networkOf is what Go calls the addresses of a family.
func networkOf(family uv.Family) string {
	switch family {
	case uv.Inet:
		return "ip4"
	case uv.Inet6:
		return "ip6"
	}
	return "ip"
}

// udp = udp:connect(host, port[, timeout]): suspends for a name only
func udpConnect(c *lua.Call) {
	u, host, p, timeout := udpOf(c), c.String(2), port(c, 3), c.Timeout(4)
	if u.Closed() {
		c.Fail(uv.EBADF)
		return
	}
	if ip, ok := udpIP(u, host); ok {
		c.Done(u.Connect(netip.AddrPortFrom(ip, uint16(p))), host)
		return
	}
	if host == "" {
		c.Fail(uv.EAI_NONAME)
		return
	}
	family := u.Family()
	u.Track()
	c.Await(timeout, func(ctx context.Context) func(bool) []any {
		ips, err := lookupUDP(ctx, family, host)
		return func(wanted bool) []any { return connectUDP(u, ips, p, host, err, wanted) }
	})
}

// connectUDP connects to the first address that there is a way to.
func connectUDP(u *uv.UDP, ips []netip.Addr, p int, host string, err error, wanted bool) []any {
	defer u.Untrack()
	if u.Closed() || !wanted {
		return lua.Failure(uv.ECANCELED, host)
	}
	for _, ip := range ips {
		if err = u.Connect(netip.AddrPortFrom(ip, uint16(p))); err == nil {
			return []any{lua.Self}
		}
	}
	return lua.Failure(err, host)
}

// udp = udp:disconnect()
func udpDisconnect(c *lua.Call) { c.Done(udpOf(c).Disconnect()) }

// udpSendName is udp:send(data, host, port[, timeout]) to a name. The data plane sends, when
// the name has been resolved.
func udpSendName(c *lua.Call) {
	u, host, p, timeout := udpOf(c), c.String(3), port(c, 4), c.Timeout(5)
	if host == "" {
		c.Fail(uv.EAI_NONAME)
		return
	}
	family := u.Family()
	c.Await(timeout, func(ctx context.Context) func(bool) []any {
		ips, err := lookupUDP(ctx, family, host)
		raw := ""
		if err == nil {
			raw, err = uv.RawAddr(netip.AddrPortFrom(ips[0], uint16(p)))
		}
		return func(bool) []any {
			if err != nil {
				return lua.Failure(err, host)
			}
			return []any{lua.Address(raw)}
		}
	})
}

// setUDP sets an option. A socket that has no descriptor yet is given one of IPv4.
func setUDP(c *lua.Call, set func(*uv.UDP) error) {
	u := udpOf(c)
	err := u.Socket(uv.Inet, false)
	if err == nil {
		err = set(u)
	}
	c.Done(err)
}

func onOff(set func(*uv.UDP, bool) error) func(*lua.Call) {
	return func(c *lua.Call) {
		on := c.Bool(2)
		setUDP(c, func(u *uv.UDP) error { return set(u, on) })
	}
}

func hops(least int, set func(*uv.UDP, int) error) func(*lua.Call) {
	return func(c *lua.Call) {
		n := c.Int(2, least, 255)
		setUDP(c, func(u *uv.UDP) error { return set(u, n) })
	}
}

// udp = udp:multicast_interface(address)
func udpInterface(c *lua.Call) {
	address := c.String(2)
	setUDP(c, func(u *uv.UDP) error { return u.MulticastInterface(address) })
}

// udp = udp:membership(group, interface or nil, "join"|"leave"[, source]), in a socket of the
// group's family
func udpMembership(c *lua.Call) {
	c.Last(5)
	u, group, iface, what, source := udpOf(c), c.String(2), c.OptString(3, ""), c.String(4), c.OptString(5, "")
	if what != "join" && what != "leave" {
		c.Bad(4, "\"join\" or \"leave\" expected")
	}
	ip, err := netip.ParseAddr(group)
	if err != nil {
		c.Fail(uv.EINVAL, group)
		return
	}
	family := uv.Inet
	if !ip.Is4() {
		family = uv.Inet6
	}
	if err = u.Socket(family, false); err == nil {
		err = u.Membership(group, iface, source, what == "join")
	}
	c.Done(err, group)
}

// yes = udp:using_recvmmsg()
func udpUsingRecvmmsg(c *lua.Call) { c.Return(udpOf(c).UsingRecvmmsg()) }

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.udp",
		Methods: append([]lua.Func{
			{Name: "bind", Args: 4, Go: udpBind, Waits: true},
			{Name: "open", Args: 1, Go: udpOpen},
			{Name: "connect", Args: 3, Go: udpConnect, Waits: true},
			{Name: "disconnect", Go: udpDisconnect},
			{Name: "send", Args: lua.Own, Face: "udp_send", Go: udpSendName},
			{Name: "recv", Args: lua.Own, Face: "udp_recv"},
			{Name: "getsockname", Go: func(c *lua.Call) { reply(c)(udpOf(c).Getsockname()) }},
			{Name: "getpeername", Go: func(c *lua.Call) { reply(c)(udpOf(c).Getpeername()) }},
			{Name: "membership", Args: 4, Go: udpMembership},
			{Name: "multicast_interface", Args: 1, Go: udpInterface},
			{Name: "multicast_loop", Args: 1, Go: onOff((*uv.UDP).MulticastLoop)},
			{Name: "multicast_ttl", Args: 1, Go: hops(0, (*uv.UDP).MulticastTTL)},
			{Name: "broadcast", Args: 1, Go: onOff((*uv.UDP).Broadcast)},
			{Name: "ttl", Args: 1, Go: hops(1, (*uv.UDP).TTL)},
			{Name: "send_queue_size", Face: "udp_send_queue_size"},
			{Name: "send_queue_count", Face: "udp_send_queue_count"},
			{Name: "using_recvmmsg", Go: udpUsingRecvmmsg},
		}, socketMethods(udpOf)...),
	})
}
