package bridge

import (
	"context"
	"net/netip"
	"os"
	"strings"

	"luv/lua"
	"luv/uv"
)

// hosts.go - names that are known here: those of /etc/hosts need not be waited for.

const hostsFile = "/etc/hosts"

// localAddresses returns the addresses of a name in /etc/hosts, of network "ip4", "ip6" or
// "ip"; nil for a name that is not there. "localhost" always has some.
func localAddresses(name, network string) []netip.Addr {
	name = plain(strings.ToLower(name))
	var all []netip.Addr
	data, _ := os.ReadFile(hostsFile)
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 || !isNamed(fields[1:], name) {
			continue
		}
		if ip, err := netip.ParseAddr(fields[0]); err == nil && isOf(ip, network) {
			all = append(all, ip.Unmap())
		}
	}
	if name != "localhost" || all != nil {
		return all
	}
	for _, ip := range []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()} {
		if isOf(ip, network) {
			all = append(all, ip)
		}
	}
	return all
}

func isNamed(names []string, name string) bool {
	for _, n := range names {
		if plain(strings.ToLower(n)) == name {
			return true
		}
	}
	return false
}

func isOf(ip netip.Addr, network string) bool {
	return network == "ip" || ip.Unmap().Is4() == (network == "ip4")
}

// bindHost ends a call by binding h to the first address of a host that has one: at once for an
// address or a name in /etc/hosts, else when a name server has answered.
func bindHost(c *lua.Call, h *uv.Handle, host, network string, timeout float64, bind func(netip.Addr) error) {
	if ip, ok := parseIP(host); ok {
		c.Done(bind(ip), host)
		return
	}
	if ips := localAddresses(host, network); ips != nil {
		c.Done(bind(ips[0]), host)
		return
	}
	if h.Closed() {
		c.Fail(uv.EBADF)
		return
	}
	if strings.Trim(host, "0123456789.") == "" || strings.ContainsAny(host, ":\x00") { // no name looks so
		c.Fail(uv.EINVAL, host)
		return
	}
	h.Track()
	c.Await(timeout, func(ctx context.Context) func(bool) []any {
		ips, err := lookupAll(ctx, network, host)
		return func(wanted bool) []any {
			defer h.Untrack()
			if err == nil && (h.Closed() || !wanted) {
				err = uv.ECANCELED
			}
			if err == nil {
				err = bind(ips[0])
			}
			if err != nil {
				return lua.Failure(err, host)
			}
			return []any{lua.Self}
		}
	})
}

// lookupAll resolves a name, to one address at least.
func lookupAll(ctx context.Context, network, host string) ([]netip.Addr, error) {
	q := query{host: host, network: network}
	ips, err := q.lookup(ctx)
	if err == nil && len(ips) == 0 {
		err = uv.EAI_NONAME
	}
	return ips, err
}
