package bridge

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"luv/lua"
	"luv/uv"
)

// records, by type, asks for the records of a name. The name is complete: it ends in a dot.
var records = map[string]func(*net.Resolver, context.Context, string) (lua.List, error){
	"A": func(r *net.Resolver, ctx context.Context, name string) (lua.List, error) {
		return ipRecords(r, ctx, "ip4", name)
	},
	"AAAA": func(r *net.Resolver, ctx context.Context, name string) (lua.List, error) {
		return ipRecords(r, ctx, "ip6", name)
	},
	"MX": func(r *net.Resolver, ctx context.Context, name string) (lua.List, error) {
		all, err := r.LookupMX(ctx, name)
		return list(all, err, func(mx *net.MX) any {
			return lua.Table{{Key: "host", Value: plain(mx.Host)}, {Key: "preference", Value: int(mx.Pref)}}
		})
	},
	"SRV": func(r *net.Resolver, ctx context.Context, name string) (lua.List, error) {
		_, all, err := r.LookupSRV(ctx, "", "", name)
		return list(all, err, func(s *net.SRV) any {
			return lua.Table{{Key: "host", Value: plain(s.Target)}, {Key: "port", Value: int(s.Port)},
				{Key: "priority", Value: int(s.Priority)}, {Key: "weight", Value: int(s.Weight)}}
		})
	},
	"TXT": func(r *net.Resolver, ctx context.Context, name string) (lua.List, error) {
		all, err := r.LookupTXT(ctx, name)
		return list(all, err, func(s string) any { return s })
	},
	"NS": func(r *net.Resolver, ctx context.Context, name string) (lua.List, error) {
		all, err := r.LookupNS(ctx, name)
		return list(all, err, func(ns *net.NS) any { return plain(ns.Host) })
	},
	"CNAME": func(r *net.Resolver, ctx context.Context, name string) (lua.List, error) {
		s, err := r.LookupCNAME(ctx, name)
		return list([]string{s}, err, func(s string) any { return plain(s) })
	},
	"PTR": func(r *net.Resolver, ctx context.Context, name string) (lua.List, error) {
		ip, err := netip.ParseAddr(reversed(plain(name)))
		if err != nil {
			return nil, uv.EAI_NONAME
		}
		all, err := r.LookupAddr(ctx, ip.String())
		return list(all, err, func(s string) any { return plain(s) })
	},
}

func ipRecords(r *net.Resolver, ctx context.Context, network, name string) (lua.List, error) {
	all, err := r.LookupNetIP(ctx, network, name)
	return list(all, err, func(ip netip.Addr) any { return ip.Unmap().String() })
}

func list[T any](all []T, err error, as func(T) any) (lua.List, error) {
	if err != nil {
		return nil, err
	}
	l := lua.List{}
	for _, v := range all {
		l = append(l, as(v))
	}
	return l, nil
}

// plain is a name without the dot at its end.
func plain(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(name, ".")
}

// reversed turns the name that PTR records stand at into its address: Go asks by address.
// Whatever else it is given remains, and is no address.
func reversed(name string) string {
	lower := strings.ToLower(name)
	if s, is := strings.CutSuffix(lower, ".in-addr.arpa"); is {
		return strings.Join(backward(strings.Split(s, ".")), ".")
	}
	s, is := strings.CutSuffix(lower, ".ip6.arpa")
	digits := backward(strings.Split(s, "."))
	if !is || len(digits) != 32 {
		return name
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && i%4 == 0 {
			b.WriteByte(':')
		}
		b.WriteString(d)
	}
	return b.String()
}

func backward(list []string) []string {
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// resolver is Go's own, which asks the name servers of /etc/resolv.conf, or just the one.
// An operation that is given up ends at once: Go would wait for the server on.
func resolver(server string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if server != "" {
			address = server
		}
		var d net.Dialer
		c, err := d.DialContext(ctx, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
		}
		return c, err
	}}
}

// serverAddress reads the option: an address, with a port or without.
func serverAddress(s string) (string, bool) {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.String(), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return netip.AddrPortFrom(a, 53).String(), err == nil
}

// list = luv.net.resolve(name, type[, {server}[, timeout]])
func resolveRecords(c *lua.Call) {
	name, kind, o := c.String(1), strings.ToUpper(c.OptString(2, "A")), c.Fields(3)
	ask, known := records[kind]
	if !known {
		c.Bad(2, "\"A\", \"AAAA\", \"CNAME\", \"MX\", \"NS\", \"PTR\", \"SRV\" or \"TXT\" expected")
	}
	server := ""
	if v, given := o["server"]; given {
		s, _ := v.(string)
		var ok bool
		if server, ok = serverAddress(s); !ok {
			c.Bad(3, "field 'server': an address expected, such as \"127.0.0.1:53\"")
		}
	}
	c.Await(c.Timeout(4), func(ctx context.Context) func(bool) []any {
		results := resolved(ask(resolver(server), ctx, complete(name)))
		if len(results) > 1 {
			results[1] = results[1].(string) + ": " + name
		}
		return func(bool) []any { return results }
	})
}

// complete is a name that no domain of the search list is added to.
func complete(name string) string {
	if strings.HasSuffix(name, ".") || name == "" {
		return name
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	return name + "."
}

func resolved(l lua.List, err error) []any {
	if err != nil {
		return lua.Failure(nameError(err))
	}
	return []any{l}
}

// nameError is what a failed search for a name comes to: EAI_FAIL for an answer that cannot be
// read; what Go calls a name that there is not may be files and sockets that could not be opened.
func nameError(err error) error {
	var dns *net.DNSError
	if !errors.As(err, &dns) {
		return err
	}
	if lack := uv.Exhausted(); lack != nil && !dns.IsTimeout {
		return lack
	}
	if strings.Contains(dns.Err, "unmarshal DNS message") || strings.Contains(dns.Err, "invalid DNS response") {
		return uv.EAI_FAIL
	}
	return err
}

// ---- getnameinfo -------------------------------------------------------------------------

// host, service = luv.net.getnameinfo(address, port[, options[, timeout]])
func getnameinfo(c *lua.Call) {
	address, p, o := c.String(1), c.OptInt(2, 0, 0, 65535), c.Fields(3)
	timeout := c.Timeout(4)
	ip, err := netip.ParseAddr(address)
	if err != nil {
		c.Fail(uv.EAI_NONAME, address)
		return
	}
	if o["numerichost"] == true && o["numericserv"] == true {
		c.Return(ip.String(), strconv.Itoa(p))
		return
	}
	c.Await(timeout, func(ctx context.Context) func(bool) []any {
		results := nameInfo(ctx, ip, p, o)
		return func(bool) []any { return results }
	})
}

func nameInfo(ctx context.Context, ip netip.Addr, p int, o map[string]any) []any {
	host, service := ip.String(), strconv.Itoa(p)
	if o["numericserv"] != true {
		service = serviceName(p, o["dgram"] == true)
	}
	if o["numerichost"] == true {
		return []any{host, service}
	}
	names, err := resolver("").LookupAddr(ctx, ip.Unmap().WithZone("").String())
	switch {
	case err == nil && len(names) > 0:
		host = plain(names[0])
	case o["namereqd"] == true && err == nil:
		return lua.Failure(uv.EAI_NONAME, host)
	case o["namereqd"] == true:
		return lua.Failure(nameError(err), host)
	}
	if o["nofqdn"] == true && err == nil {
		host, _, _ = strings.Cut(host, ".")
	}
	return []any{host, service}
}
