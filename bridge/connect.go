package bridge

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"luv/lua"
	"luv/uv"
)

// tcp = tcp:connect(host, port[, timeout])
//
// A literal address is libuv's and the data plane's affair. A name goes to Go's dialer,
// which resolves it and tries every address, both families side by side (RFC 8305); the
// connection it makes is put into the tcp object.
func tcpConnect(c *lua.Call) {
	t, host, p, timeout := tcpOf(c), c.String(2), port(c, 3), c.Timeout(4)
	if t.Closed() {
		c.Fail(uv.EBADF)
		return
	}
	if _, err := t.Getpeername(); err == nil || t.Listening() {
		c.Fail(uv.EISCONN, host)
		return
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		connectName(c, t, host, p, timeout)
		return
	}
	if err := t.ConnectFibers(netip.AddrPortFrom(ip, uint16(p))); err != nil {
		c.Fail(err, net.JoinHostPort(host, strconv.Itoa(p)))
		return
	}
	awaitConnect(c, t, timeout)
}

// awaitConnect waits for an attempt that has begun. With a timeout of 0 one that the kernel has
// ended already, as between two sockets of this machine, needs one turn of the loop.
func awaitConnect(c *lua.Call, t *uv.TCP, timeout float64) {
	if timeout == 0 && t.ConnectEnded() {
		timeout = 1
	}
	c.WaitConnect(t.Object(), timeout)
}

func connectName(c *lua.Call, t *uv.TCP, host string, p int, timeout float64) {
	target := net.JoinHostPort(host, strconv.Itoa(p))
	if host == "" {
		c.Fail(uv.EAI_NONAME, target)
		return
	}
	if timeout == 0 && connectLocal(c, t, host, p) {
		return
	}
	if !t.BeginConnect() {
		c.Fail(uv.EALREADY, target)
		return
	}
	dial := dialer{options: t.Pending()}.dial
	if fd, err := t.Fileno(); err == nil {
		dial = dialBound(fd)
	}
	t.Track()
	c.Await(timeout, func(ctx context.Context) func(bool) []any {
		if timeout == 0 { // as to an address, the attempt goes on
			ctx = context.Background()
		}
		fd, err := dial(ctx, target)
		return func(wanted bool) []any { return adopt(t, fd, err, wanted || timeout == 0, target) }
	})
}

// connectLocal connects to a name in /etc/hosts, for which nobody is asked: to the first of its
// addresses that answers at once, or whose attempt goes on. False for any other name.
func connectLocal(c *lua.Call, t *uv.TCP, host string, p int) bool {
	network := "ip"
	if fd, err := t.Fileno(); err == nil {
		network = family(fd)
	}
	ips := localAddresses(host, network)
	for i, ip := range ips {
		a := netip.AddrPortFrom(ip, uint16(p))
		if i < len(ips)-1 {
			fd, err := connectAtOnce(a)
			if err != nil && err != syscall.EINPROGRESS {
				continue
			}
			if err == nil && takeOver(c, t, fd) {
				break
			}
			syscall.Close(fd)
		}
		if err := t.ConnectFibers(a); err != nil {
			c.Fail(err, net.JoinHostPort(host, strconv.Itoa(p)))
		} else {
			awaitConnect(c, t, 0)
		}
		break
	}
	return len(ips) > 0
}

// connectAtOnce returns a socket that is connected to an address, or about to be: EINPROGRESS.
func connectAtOnce(a netip.AddrPort) (int, error) {
	domain := syscall.AF_INET
	if !a.Addr().Is4() {
		domain = syscall.AF_INET6
	}
	fd, err := syscall.Socket(domain, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	err = syscall.Connect(fd, systemAddr(a))
	if err == syscall.EINPROGRESS {
		err = progress(fd)
	}
	if err != nil && err != syscall.EINPROGRESS {
		syscall.Close(fd)
		return -1, err
	}
	return fd, err
}

// progress tells what has become of an attempt: on one machine the answer is there by now, though
// the call could not know it.
func progress(fd int) error {
	if n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR); err == nil && n != 0 {
		return syscall.Errno(n)
	}
	if _, err := syscall.Getpeername(fd); err == nil {
		return nil
	}
	return syscall.EINPROGRESS
}

// takeOver makes a connection the object's, which must have no socket of its own yet, nor options
// that it is to be made with.
func takeOver(c *lua.Call, t *uv.TCP, fd int) bool {
	if _, err := t.Fileno(); err == nil || len(t.Pending()) > 0 || !t.BeginConnect() {
		return false
	}
	t.EndConnect()
	if err := t.Open(fd); err != nil {
		return false
	}
	c.Self()
	return true
}

// adopt puts the connection into the object. If that was closed, or nobody waits for it
// any more, the connection goes.
func adopt(t *uv.TCP, fd int, err error, wanted bool, target string) []any {
	open := t.EndConnect()
	defer t.Look()
	t.Untrack()
	if err == nil && (!open || !wanted) {
		syscall.Close(fd)
		return lua.Failure(uv.ECANCELED, target)
	}
	if err == nil {
		if err = t.Open(fd); err != nil {
			syscall.Close(fd)
		}
	}
	if err != nil {
		return lua.Failure(err, target)
	}
	return []any{lua.Self}
}

// A dialer makes new connections, with options that the kernel is told before.
type dialer struct{ options []uv.SocketOption }

// dial returns the descriptor of a new connection to target.
func (d dialer) dial(ctx context.Context, target string) (int, error) {
	all, err := resolve(ctx, target, "ip")
	if err != nil {
		return -1, err
	}
	conn, err := d.race(ctx, interleave(all))
	if err != nil {
		return -1, err
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return -1, err
	}
	return duplicate(raw)
}

// attemptDelay is how long an address has, before the next one is tried beside it (RFC 8305).
// Go's own dialer has that for the two families, but not for two addresses of one.
const attemptDelay = 250 * time.Millisecond

// interleave has the families take turns, beginning with that of the first address.
func interleave(all []netip.AddrPort) []netip.AddrPort {
	var byFamily [2][]netip.AddrPort
	for _, a := range all {
		k := 0
		if a.Addr().Is4() != all[0].Addr().Is4() {
			k = 1
		}
		byFamily[k] = append(byFamily[k], a)
	}
	var mixed []netip.AddrPort
	for i := range all {
		for k := range byFamily {
			if i < len(byFamily[k]) {
				mixed = append(mixed, byFamily[k][i])
			}
		}
	}
	return mixed
}

type attempt struct {
	conn net.Conn
	err  error
}

func (d dialer) try(ctx context.Context, a netip.AddrPort, done chan<- attempt) {
	nd := net.Dialer{KeepAlive: -1, Control: d.control}
	conn, err := nd.DialContext(ctx, "tcp", a.String())
	done <- attempt{conn, err}
}

// control sets the options of a socket that is about to be connected.
func (d dialer) control(_, _ string, raw syscall.RawConn) error {
	var err error
	controlled := raw.Control(func(fd uintptr) { err = uv.SetOptions(int(fd), d.options) })
	return errors.Join(controlled, err)
}

// race connects to the address that answers first. Each but the first is tried when the one
// before it has failed, or has not answered in time.
func (d dialer) race(ctx context.Context, all []netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done, next := make(chan attempt, len(all)), time.NewTimer(0)
	defer next.Stop()
	var first error = uv.EAI_NONAME
	for begun, failed := 0, 0; failed < len(all); {
		select {
		case <-next.C:
			if begun < len(all) {
				go d.try(ctx, all[begun], done)
				begun++
				next.Reset(attemptDelay)
			}
		case a := <-done:
			if a.err == nil {
				go drop(done, begun-failed-1)
				return a.conn, nil
			}
			if failed == 0 {
				first = a.err
			}
			failed++
			next.Reset(0)
		}
	}
	return nil, first
}

// drop closes what the losers may have connected all the same.
func drop(done <-chan attempt, n int) {
	for ; n > 0; n-- {
		if a := <-done; a.err == nil {
			a.conn.Close()
		}
	}
}

func duplicate(raw syscall.RawConn) (fd int, err error) {
	controlled := raw.Control(func(old uintptr) { fd, err = dup(int(old)) })
	return fd, errors.Join(controlled, err)
}

// dup duplicates a descriptor; no child process gets the duplicate.
func dup(fd int) (int, error) {
	r, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 3)
	if e != 0 {
		return -1, e
	}
	return int(r), nil
}

// dialBound connects a socket that has been bound: to each address of its own family in
// turn. The result is a duplicate, which replaces the socket in the object.
func dialBound(bound int) func(context.Context, string) (int, error) {
	fd, err := dup(bound)
	return func(ctx context.Context, target string) (int, error) {
		if err != nil {
			return -1, err
		}
		f := os.NewFile(uintptr(fd), "socket")
		defer f.Close()
		stop := context.AfterFunc(ctx, func() { f.SetDeadline(time.Unix(1, 0)) })
		defer stop()
		addrs, err := resolve(ctx, target, family(fd))
		for _, a := range addrs {
			if err = connectFile(f, a); err == nil {
				raw, _ := f.SyscallConn()
				return duplicate(raw)
			}
		}
		return -1, err
	}
}

func family(fd int) string {
	if sa, err := syscall.Getsockname(fd); err == nil {
		if _, is6 := sa.(*syscall.SockaddrInet6); is6 {
			return "ip6"
		}
	}
	return "ip4"
}

func resolve(ctx context.Context, target, network string) ([]netip.AddrPort, error) {
	host, p, _ := net.SplitHostPort(target)
	n, _ := strconv.Atoi(p)
	ips, err := net.DefaultResolver.LookupNetIP(ctx, network, host)
	var all []netip.AddrPort
	for _, ip := range ips {
		if network != "ip6" {
			ip = ip.Unmap()
		}
		all = append(all, netip.AddrPortFrom(ip, uint16(n)))
	}
	if err != nil {
		err = nameError(err)
	}
	return all, err
}

func systemAddr(a netip.AddrPort) syscall.Sockaddr {
	if a.Addr().Is4() {
		return &syscall.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &syscall.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// connectFile connects a non-blocking socket and waits on Go's own poller.
func connectFile(f *os.File, a netip.AddrPort) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = raw.Write(func(fd uintptr) bool {
		result = syscall.Connect(int(fd), systemAddr(a))
		if result == syscall.EISCONN {
			result = nil
		}
		return result != syscall.EINPROGRESS && result != syscall.EALREADY
	})
	return errors.Join(err, result)
}
