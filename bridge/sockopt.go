package bridge

import (
	"encoding/binary"
	"math"
	"syscall"

	"luv/lua"
	"luv/uv"
)

// sockopt.go - options of sockets by the kernel's names.

// What a script gives and gets for an option.
type optionKind int

const (
	switchOption optionKind = iota // true and false
	numberOption
	textOption
	readNumber // only to be read
	readSwitch
	lingerOption // seconds, or false
)

type socketOption struct {
	level, name int
	kind        optionKind
}

// What package syscall has no names for.
const (
	soReusePort, soPeek, soBusyPoll, soIncomingCPU      = 15, 42, 46, 49
	soProtocol, soDomain                                = 38, 39
	tcpUserTimeout, tcpFastOpen, tcpNotsentLowat        = 18, 23, 25
	tcpFastOpenConnect, ipBindAddressNoPort             = 30, 24
	ipFreebind, ipTransparent, ipv6Tclass, ipv6DontFrag = 15, 19, 67, 62
)

var socketOptions = map[string]socketOption{
	"SO_KEEPALIVE": {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, switchOption}, "SO_REUSEADDR": {syscall.SOL_SOCKET, syscall.SO_REUSEADDR, switchOption},
	"SO_REUSEPORT": {syscall.SOL_SOCKET, soReusePort, switchOption}, "SO_BROADCAST": {syscall.SOL_SOCKET, syscall.SO_BROADCAST, switchOption},
	"SO_DONTROUTE": {syscall.SOL_SOCKET, syscall.SO_DONTROUTE, switchOption}, "SO_OOBINLINE": {syscall.SOL_SOCKET, syscall.SO_OOBINLINE, switchOption},
	"SO_LINGER":   {syscall.SOL_SOCKET, syscall.SO_LINGER, lingerOption},
	"SO_PASSCRED": {syscall.SOL_SOCKET, syscall.SO_PASSCRED, switchOption}, "SO_TIMESTAMP": {syscall.SOL_SOCKET, syscall.SO_TIMESTAMP, switchOption},
	"SO_SNDBUF": {syscall.SOL_SOCKET, syscall.SO_SNDBUF, numberOption}, "SO_RCVBUF": {syscall.SOL_SOCKET, syscall.SO_RCVBUF, numberOption},
	"SO_RCVLOWAT": {syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, numberOption}, "SO_PRIORITY": {syscall.SOL_SOCKET, syscall.SO_PRIORITY, numberOption},
	"SO_MARK": {syscall.SOL_SOCKET, syscall.SO_MARK, numberOption}, "SO_BUSY_POLL": {syscall.SOL_SOCKET, soBusyPoll, numberOption},
	"SO_INCOMING_CPU": {syscall.SOL_SOCKET, soIncomingCPU, numberOption}, "SO_PEEK_OFF": {syscall.SOL_SOCKET, soPeek, numberOption},
	"SO_BINDTODEVICE": {syscall.SOL_SOCKET, syscall.SO_BINDTODEVICE, textOption},
	"SO_ERROR":        {syscall.SOL_SOCKET, syscall.SO_ERROR, readNumber}, "SO_TYPE": {syscall.SOL_SOCKET, syscall.SO_TYPE, readNumber},
	"SO_DOMAIN": {syscall.SOL_SOCKET, soDomain, readNumber}, "SO_PROTOCOL": {syscall.SOL_SOCKET, soProtocol, readNumber},
	"SO_ACCEPTCONN": {syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN, readSwitch},

	"TCP_NODELAY": {syscall.IPPROTO_TCP, syscall.TCP_NODELAY, switchOption}, "TCP_CORK": {syscall.IPPROTO_TCP, syscall.TCP_CORK, switchOption},
	"TCP_QUICKACK": {syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, switchOption}, "TCP_FASTOPEN_CONNECT": {syscall.IPPROTO_TCP, tcpFastOpenConnect, switchOption},
	"TCP_KEEPIDLE": {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, numberOption}, "TCP_KEEPINTVL": {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, numberOption},
	"TCP_KEEPCNT": {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, numberOption}, "TCP_USER_TIMEOUT": {syscall.IPPROTO_TCP, tcpUserTimeout, numberOption},
	"TCP_MAXSEG": {syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, numberOption}, "TCP_SYNCNT": {syscall.IPPROTO_TCP, syscall.TCP_SYNCNT, numberOption},
	"TCP_LINGER2": {syscall.IPPROTO_TCP, syscall.TCP_LINGER2, numberOption}, "TCP_DEFER_ACCEPT": {syscall.IPPROTO_TCP, syscall.TCP_DEFER_ACCEPT, numberOption},
	"TCP_WINDOW_CLAMP": {syscall.IPPROTO_TCP, syscall.TCP_WINDOW_CLAMP, numberOption}, "TCP_FASTOPEN": {syscall.IPPROTO_TCP, tcpFastOpen, numberOption},
	"TCP_NOTSENT_LOWAT": {syscall.IPPROTO_TCP, tcpNotsentLowat, numberOption}, "TCP_CONGESTION": {syscall.IPPROTO_TCP, syscall.TCP_CONGESTION, textOption},

	"IP_TOS": {syscall.IPPROTO_IP, syscall.IP_TOS, numberOption}, "IP_TTL": {syscall.IPPROTO_IP, syscall.IP_TTL, numberOption},
	"IP_MTU_DISCOVER": {syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, numberOption}, "IP_MTU": {syscall.IPPROTO_IP, syscall.IP_MTU, readNumber},
	"IP_MULTICAST_TTL": {syscall.IPPROTO_IP, syscall.IP_MULTICAST_TTL, numberOption}, "IP_MULTICAST_LOOP": {syscall.IPPROTO_IP, syscall.IP_MULTICAST_LOOP, switchOption},
	"IP_FREEBIND": {syscall.IPPROTO_IP, ipFreebind, switchOption}, "IP_TRANSPARENT": {syscall.IPPROTO_IP, ipTransparent, switchOption},
	"IP_BIND_ADDRESS_NO_PORT": {syscall.IPPROTO_IP, ipBindAddressNoPort, switchOption},
	"IPV6_V6ONLY":             {syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, switchOption}, "IPV6_TCLASS": {syscall.IPPROTO_IPV6, ipv6Tclass, numberOption},
	"IPV6_UNICAST_HOPS": {syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS, numberOption}, "IPV6_DONTFRAG": {syscall.IPPROTO_IPV6, ipv6DontFrag, switchOption},
	"IPV6_MULTICAST_HOPS": {syscall.IPPROTO_IPV6, syscall.IPV6_MULTICAST_HOPS, numberOption},
	"IPV6_MULTICAST_LOOP": {syscall.IPPROTO_IPV6, syscall.IPV6_MULTICAST_LOOP, switchOption},
}

func namedOption(c *lua.Call, i int) socketOption {
	o, known := socketOptions[c.String(i)]
	if !known {
		c.Bad(i, "unknown option '"+c.String(i)+"'")
	}
	return o
}

// optionValue returns the bytes of argument i, true if there is none.
func optionValue(c *lua.Call, i int, o socketOption) []byte {
	number := func(n int) []byte { return binary.NativeEndian.AppendUint32(nil, uint32(int32(n))) }
	switch v := c.Scalar(i).(type) {
	case string:
		if o.kind == textOption {
			return append([]byte(v), 0)
		}
	case bool:
		if o.kind == switchOption {
			return number(map[bool]int{true: 1}[v])
		}
		if o.kind == lingerOption && !v {
			return make([]byte, 8)
		}
	case float64:
		if o.kind == lingerOption {
			return lingerBytes(c.Int(i, 0, 32767))
		}
		if o.kind == numberOption || o.kind == switchOption {
			return number(c.Int(i, math.MinInt32, math.MaxInt32))
		}
	default:
		if c.Nil(i) && o.kind == switchOption {
			return number(1)
		}
	}
	if o.kind == readNumber || o.kind == readSwitch {
		c.Bad(i-1, "option '"+c.String(i-1)+"' cannot be set")
	}
	c.Bad(i, map[optionKind]string{switchOption: "boolean", numberOption: "number", textOption: "string", lingerOption: "number or false"}[o.kind]+" expected for "+c.String(i-1))
	return nil
}

// A socket has options.
type optioned interface {
	SetOption(uv.SocketOption) error
	Option(level, name, size int) ([]byte, error)
}

// socket = socket:setoption(name[, value = true])
func setOption(c *lua.Call, s optioned) {
	o := namedOption(c, 2)
	value := optionValue(c, 3, o)
	c.Done(s.SetOption(uv.SocketOption{Level: o.level, Name: o.name, Value: value}), c.String(2))
}

// value = socket:getoption(name)
func getOption(c *lua.Call, s optioned) {
	o := namedOption(c, 2)
	size := 4
	switch o.kind {
	case textOption:
		size = 64
	case lingerOption:
		size = 8
	}
	b, err := s.Option(o.level, o.name, size)
	switch {
	case err != nil:
		c.Fail(err, c.String(2))
	case o.kind == textOption:
		c.Return(terminated(b))
	case o.kind == lingerOption && len(b) == 8:
		c.Return(lingerResult(b))
	case len(b) == 1: // some of IP are a byte
		c.Return(optionResult(o, int(b[0])))
	default:
		c.Return(optionResult(o, int(int32(binary.NativeEndian.Uint32(b)))))
	}
}

func optionResult(o socketOption, n int) any {
	if o.kind == switchOption || o.kind == readSwitch {
		return n != 0
	}
	return n
}

// terminated is the text before the first zero.
func terminated(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// lingerBytes is the kernel's struct linger.
func lingerBytes(seconds int) []byte {
	value := make([]byte, 8)
	binary.NativeEndian.PutUint32(value, 1)
	binary.NativeEndian.PutUint32(value[4:], uint32(seconds))
	return value
}

// lingerResult is false when close may take as long as it likes.
func lingerResult(b []byte) any {
	if binary.NativeEndian.Uint32(b) == 0 {
		return false
	}
	return int(int32(binary.NativeEndian.Uint32(b[4:])))
}

// tcp = tcp:linger(seconds): how long close lets the kernel go on sending; nil or false: as it likes
func tcpLinger(c *lua.Call) {
	value := make([]byte, 8)
	if c.Bool(2) {
		value = lingerBytes(c.Int(2, 0, 32767))
	}
	c.Done(tcpOf(c).SetOption(uv.SocketOption{Level: syscall.SOL_SOCKET, Name: syscall.SO_LINGER, Value: value}))
}

// tcp = tcp:open(fd)
func tcpOpen(c *lua.Call) {
	t, fd := tcpOf(c), c.Int(2, 0, 1<<31-1)
	c.Done(t.Adopt(fd))
}

// {pid, uid, gid} = pipe:peercred()
func pipePeercred(c *lua.Call) {
	fd, err := pipeOf(c).Fileno()
	if err != nil {
		c.Fail(err)
		return
	}
	cred, err := syscall.GetsockoptUcred(fd, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	switch {
	case err != nil:
		c.Fail(err)
	case cred.Pid == 0 && int32(cred.Uid) == -1: // nobody is there
		c.Fail(uv.ENOTCONN)
	default:
		c.Return(lua.Table{{Key: "pid", Value: int(cred.Pid)}, {Key: "uid", Value: int(cred.Uid)}, {Key: "gid", Value: int(cred.Gid)}})
	}
}
