package bridge

import (
	"context"
	"net"
	"net/netip"
	"strconv"

	"luv/lua"
	"luv/uv"
)

// What a script may ask of getaddrinfo.
type query struct {
	host, service, network string
	protocol               string
	all                    bool
}

// address, port = luv.net.getaddrinfo(host[, service[, options[, timeout]]])
//
// Go's resolver does it, not libuv's thread pool: a name server that does not answer
// then holds up neither file operations nor the end of the process.
func getaddrinfo(c *lua.Call) {
	q := query{service: serviceArg(c, 2), protocol: "tcp", network: "ip"}
	if !c.Nil(1) {
		q.host = c.String(1)
	}
	if q.host == "" && q.service == "" {
		c.Bad(1, "host or service expected")
	}
	q.options(c, c.Fields(3))
	c.Await(c.Timeout(4), func(ctx context.Context) func(bool) []any {
		results := q.results(ctx)
		return func(bool) []any { return results }
	})
}

// serviceArg is a port number or a name, as in /etc/services.
func serviceArg(c *lua.Call, i int) string {
	if c.Nil(i) {
		return ""
	}
	if c.IsNumber(i) {
		return strconv.Itoa(c.Int(i, 0, 65535))
	}
	return c.String(i)
}

func (q *query) options(c *lua.Call, o map[string]any) {
	pick := func(field string, to *string, names map[string]string) {
		v, given := o[field]
		if !given {
			return
		}
		s, _ := v.(string)
		chosen, known := names[s]
		if !known {
			c.Bad(3, "field '"+field+"' is not one that is known")
		}
		*to = chosen
	}
	pick("family", &q.network, map[string]string{"inet": "ip4", "INET": "ip4", "inet6": "ip6", "INET6": "ip6", "unspec": "ip"})
	pick("socktype", &q.protocol, map[string]string{"stream": "tcp", "STREAM": "tcp", "dgram": "udp", "DGRAM": "udp"})
	pick("protocol", &q.protocol, map[string]string{"tcp": "tcp", "TCP": "tcp", "udp": "udp", "UDP": "udp"})
	q.all = o["all"] == true
}

func (q *query) results(ctx context.Context) []any {
	port, err := q.port(ctx)
	if err != nil {
		if lack := uv.Exhausted(); lack != nil {
			return lua.Failure(lack, q.service)
		}
		return lua.Failure(uv.EAI_SERVICE, q.service)
	}
	ips, err := q.lookup(ctx)
	if err != nil || len(ips) == 0 {
		if err == nil {
			err = uv.EAI_NONAME
		}
		return lua.Failure(err, q.host)
	}
	if !q.all {
		return []any{ips[0].String(), port}
	}
	var list lua.List
	for _, ip := range ips {
		list = append(list, address(netip.AddrPortFrom(ip, uint16(port))))
	}
	return []any{list}
}

func (q *query) port(ctx context.Context) (int, error) {
	if q.service == "" {
		return 0, nil
	}
	return net.DefaultResolver.LookupPort(ctx, q.protocol, q.service)
}

func (q *query) lookup(ctx context.Context) ([]netip.Addr, error) {
	if q.host == "" {
		loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if q.network == "ip6" {
			loopback = netip.IPv6Loopback()
		}
		return []netip.Addr{loopback}, nil
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, q.network, q.host)
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	if err != nil {
		err = nameError(err)
	}
	return ips, err
}
