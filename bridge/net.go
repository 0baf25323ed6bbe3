package bridge

import (
	"syscall"

	"luv/lua"
	"luv/uv"
)

// a, b = luv.net.socketpair(): two connected stream sockets
func socketpair(c *lua.Call) {
	fds, err := uv.Socketpair()
	if err != nil {
		c.Fail(err)
		return
	}
	var ends [2]*uv.TCP
	for i, fd := range fds {
		if ends[i], err = uv.NewTCP(c.Loop()); err == nil {
			err = ends[i].Open(fd)
		}
		if err != nil {
			break
		}
	}
	if err != nil {
		abandonPair(ends, fds)
		c.Fail(err)
		return
	}
	c.Return(tcpObject(ends[0]), tcpObject(ends[1]))
}

// abandonPair closes each end once: by its handle if that has taken the descriptor.
func abandonPair(ends [2]*uv.TCP, fds [2]int) {
	for i, t := range ends {
		taken := false
		if t != nil {
			_, err := t.Fileno()
			taken = err == nil
			t.Close()
		}
		if !taken {
			syscall.Close(fds[i])
		}
	}
}

func init() {
	lua.Register(lua.Module{
		Name: "luv.net",
		Funcs: []lua.Func{
			{Name: "tcp", Args: 1, Face: "tcp_create"},
			{Name: "udp", Args: 1, Go: udpCreate},
			{Name: "unixgram", Go: unixgramCreate},
			{Name: "socketpair", Go: socketpair},
			{Name: "getaddrinfo", Args: 4, Go: getaddrinfo, Waits: true},
			{Name: "getnameinfo", Args: 4, Go: getnameinfo, Waits: true},
			{Name: "resolve", Args: 4, Go: resolveRecords, Waits: true},
		},
	})
}
