package bridge

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"luv/lua"
	"luv/uv"
)

// luv.tls: streams of TLS, by crypto/tls.

func tlsOf(c *lua.Call) *uv.TLS { return uv.TLSOf(c.Object(1, tlsClass)) }

func tlsConnOf(t *uv.TLS) *tlsConn {
	conn, _ := t.Value().(*tlsConn)
	return conn
}

// stream = luv.tls.connect(host, port[, opts or config][, timeout]): server_name is the host, if
// it is not given
func tlsConnect(c *lua.Call) {
	host, p, timeout := c.String(1), port(c, 2), c.Timeout(4)
	config, err := tlsConfigAt(c, 3)
	if err != nil {
		c.Fail(err)
		return
	}
	target := net.JoinHostPort(host, strconv.Itoa(p))
	loop := c.Loop()
	t := newTLSConn(loop, config, true, orText(config.options.serverName, host))
	c.Await(timeout, func(ctx context.Context) func(bool) []any {
		fd, err := dialer{}.dial(ctx, target)
		if err != nil {
			return func(bool) []any { t.drop(); return lua.Failure(err, target) }
		}
		if !loop.Post(func() { t.attach(ctx, fd) }) {
			syscall.Close(fd)
			t.abandon()
		}
		return t.perform(ctx)
	})
}

// attach makes the connection's stream, on the loop's thread.
func (t *tlsConn) attach(ctx context.Context, fd int) {
	fail := func(err error) { t.finish(lua.Errno(err)) }
	if ctx.Err() != nil {
		syscall.Close(fd)
		fail(uv.ECANCELED)
		return
	}
	tcp, err := uv.NewTCP(t.loop)
	if err == nil {
		err = tcp.Open(fd)
	}
	if err != nil {
		syscall.Close(fd)
		fail(err)
		return
	}
	if t.obj, err = uv.TLSOver(tcp.Object(), t); err != nil {
		tcp.Close()
		fail(err)
		return
	}
	t.obj.Started()
}

// tls = stream:starttls([opts or config][, timeout]): the stream is closed for the script, and goes
// on as the new one
func streamStarttls(c *lua.Call) {
	timeout := c.Timeout(3)
	config, err := tlsConfigAt(c, 2)
	if err != nil {
		c.Fail(err)
		return
	}
	o := &config.options
	if !o.server && o.serverName == "" && o.verify == verifyAll {
		config.Drop()
		c.Bad(2, "field 'server_name': a client needs the name of the server that it is to verify, or verify = false")
	}
	t := newTLSConn(c.Loop(), config, !o.server, o.serverName)
	if t.obj, err = uv.TLSOver(c.AnyObject(1), t); err != nil {
		t.drop()
		c.Fail(err)
		return
	}
	if o.lazy {
		t.obj.Start()
		c.Return(lua.Object{Class: tlsClass, Pointer: t.obj.Object()})
		return
	}
	c.Await(timeout, t.perform)
	t.obj.Started()
}

// tls = tls:handshake([timeout]): of what a listener has accepted, whose first use does it as well
func tlsHandshake(c *lua.Call) {
	obj, timeout := tlsOf(c), c.Timeout(2)
	t := tlsConnOf(obj)
	switch {
	case t == nil:
		c.Fail(uv.EBADF)
	case t.err != nil:
		c.Fail(t.err)
	case t.ready:
		c.Self()
	default:
		obj.Start()
		c.WaitConnect(obj.Object(), timeout)
	}
}

// tlsStateOf is what a handshake has come to; nil: it has not, and the call fails.
func tlsStateOf(c *lua.Call) *tls.ConnectionState {
	t := tlsConnOf(tlsOf(c))
	switch {
	case t == nil:
		c.Fail(uv.EBADF)
	case t.err != nil && !t.ready:
		c.Fail(t.err)
	case !t.ready:
		c.Fail(uv.ENOTCONN)
	default:
		s := t.conn.ConnectionState()
		return &s
	}
	return nil
}

// t = tls:info()
func tlsInfo(c *lua.Call) {
	if s := tlsStateOf(c); s != nil {
		c.Return(infoTable(s))
	}
}

// certificates = tls:chain()
func tlsChain(c *lua.Call) {
	if s := tlsStateOf(c); s != nil {
		c.Return(chainTable(s))
	}
}

// bytes = tls:export(label, length[, context])
func tlsExport(c *lua.Call) {
	label, n := c.String(2), c.Int(3, 1, 1<<16)
	var context []byte
	if !c.Nil(4) {
		context = []byte(c.String(4))
	}
	s := tlsStateOf(c)
	if s == nil {
		return
	}
	data, err := s.ExportKeyingMaterial(label, context, n)
	if err != nil {
		c.Fail(&tlsError{uv.ETLS, strings.TrimPrefix(err.Error(), "crypto/tls: ")})
		return
	}
	c.Return(string(data))
}

// ---- listening -------------------------------------------------------------------------------

var tlsListenerClass = lua.NewClass("luv.tls.listener")

// tlsListener is what Go keeps of a listener.
type tlsListener struct {
	loop   *uv.Loop
	config *tlsConfig
	slot   uv.Slot
}

// Release implements core.Releaser: the listener is gone.
func (l *tlsListener) Release(int) {
	l.slot.Give()
	l.config.Drop()
}

// Accepted implements core.TLSListener.
func (l *tlsListener) Accepted(obj uintptr) bool {
	t := newTLSConn(l.loop, l.config.hold(), false, "")
	t.obj = uv.TLSMade(obj, t)
	return true
}

// listener = luv.tls.listen(host, port, config or opts[, backlog = 511]): suspends for a name that
// is not in /etc/hosts
func tlsListen(c *lua.Call) {
	host, p, backlog := c.String(1), port(c, 2), c.OptInt(4, 511, 0, maxBacklog)
	config, err := tlsConfigAt(c, 3)
	if err == nil && len(config.options.cert) == 0 {
		config.Drop()
		c.Bad(3, "field 'cert': a server needs one")
	}
	if err != nil {
		c.Fail(err)
		return
	}
	l := &tlsListener{loop: c.Loop(), config: config}
	if ips := literal(host); ips != nil {
		c.Return(l.listen(ips[0], host, p, backlog)...)
		return
	}
	c.Await(-1, func(ctx context.Context) func(bool) []any {
		ips, err := lookupAll(ctx, "ip", host)
		return func(wanted bool) []any {
			if err == nil && !wanted {
				err = uv.ECANCELED
			}
			if err != nil {
				config.Drop()
				return lua.Failure(err, host)
			}
			return l.listen(ips[0], host, p, backlog)
		}
	})
}

// literal is the addresses of a host for which nobody has to be asked.
func literal(host string) []netip.Addr {
	if ip, ok := parseIP(host); ok {
		return []netip.Addr{ip}
	}
	return localAddresses(host, "ip")
}

func (l *tlsListener) listen(ip netip.Addr, host string, p, backlog int) []any {
	t, err := uv.NewTCP(l.loop)
	if err != nil {
		l.config.Drop()
		return lua.Failure(err)
	}
	if err = t.Bind(netip.AddrPortFrom(ip, uint16(p)), uv.BindFlags{}); err == nil {
		err = t.ListenFibers(backlog)
	}
	if err != nil {
		l.config.Drop()
		t.Close()
		return lua.Failure(err, net.JoinHostPort(host, strconv.Itoa(p)))
	}
	l.slot = t.ListenTLS(l)
	return []any{lua.Object{Class: tlsListenerClass, Pointer: t.Object()}}
}

func tlsListenerOf(c *lua.Call) *uv.TCP { return uv.TCPOf(c.Object(1, tlsListenerClass)) }

// tlsBaseOf is the TCP socket below; one that is closed if it is something else.
func tlsBaseOf(c *lua.Call) *uv.TCP { return uv.TCPOf(tlsOf(c).Base()) }

func init() {
	lua.Register(lua.Module{
		Name: "luv.tls",
		Funcs: []lua.Func{
			{Name: "connect", Args: 4, Face: "tls_connect", Go: tlsConnect, Waits: true},
			{Name: "listen", Args: 4, Face: "tls_listen", Go: tlsListen, Waits: true},
			{Name: "config", Args: 1, Face: "tls_config", Go: tlsConfigCreate},
			{Name: "selfsigned", Args: 1, Go: tlsSelfsigned},
			{Name: "certificate", Args: 1, Go: tlsCertificate},
			{Name: "verify", Args: 2, Go: tlsVerify},
			{Name: "__checked", Args: 4, Go: tlsChecked},
		},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.tls",
		Methods: streamMethods(append(
			socketMethods(tlsBaseOf),
			lua.Func{Name: "handshake", Args: 1, Go: tlsHandshake, Waits: true},
			lua.Func{Name: "info", Go: tlsInfo},
			lua.Func{Name: "chain", Go: tlsChain},
			lua.Func{Name: "export", Args: 3, Go: tlsExport},
			lua.Func{Name: "getsockname", Go: func(c *lua.Call) { reply(c)(tlsBaseOf(c).Getsockname()) }},
			lua.Func{Name: "getpeername", Go: func(c *lua.Call) { reply(c)(tlsBaseOf(c).Getpeername()) }},
		)...),
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.tls.listener",
		Methods: append(socketMethods(tlsListenerOf),
			lua.Func{Name: "accept", Args: lua.Own, Face: "stream_accept"},
			lua.Func{Name: "getsockname", Go: func(c *lua.Call) { reply(c)(tlsListenerOf(c).Getsockname()) }},
		),
	})
	lua.DefineClass(lua.ClassDef{
		Name:    "luv.tls.config",
		Methods: []lua.Func{{Name: "reload", Go: tlsConfigReload}, {Name: "named", Args: 1, Go: tlsConfigNamed}},
	})
}
