package bridge

import (
	"fmt"
	"math"
	"strconv"
	"sync/atomic"

	"luv/lua"
	"luv/uv"
	"luv/zmq"
)

var (
	zmqContextClass = lua.NewClass("luv.zmq.context")
	zmqSocketClass  = lua.NewClass("luv.zmq.socket")
	zmqMonitorClass = lua.NewClass("luv.zmq.monitor")
)

// ---- contexts ---------------------------------------------------------------------------

// ctx = luv.zmq.create([io_threads = 1]), or luv.zmq:create(...)
func zmqCreate(c *lua.Call) {
	i := 1
	if c.IsTable(1) {
		i = 2
	}
	ctx, err := zmq.NewContext(c.OptInt(i, 1, 0, math.MaxInt32))
	if err != nil {
		c.Fail(err)
		return
	}
	o, ok := c.NewObject(zmqContextClass, ctx)
	if !ok {
		ctx.Drop()
		c.Fail(uv.ENOMEM)
		return
	}
	c.Return(o)
}

// contextOf returns the context of a method call; nil, and the call failed, if closed.
func contextOf(c *lua.Call) *zmq.Context {
	ctx, _ := c.Value(1, zmqContextClass).(*zmq.Context)
	if ctx == nil {
		c.Fail(uv.EBADF)
	}
	return ctx
}

func socketObject(s *zmq.Socket, class lua.Class) lua.Object {
	return lua.Object{Class: class, Pointer: s.Object()}
}

// sock = ctx:socket(type)
func zmqSocket(c *lua.Call) {
	ctx, kind := contextOf(c), c.Int(2, 0, math.MaxInt32)
	if ctx == nil {
		return
	}
	s, err := ctx.NewSocket(c.Loop(), kind)
	switch {
	case err == uv.EINVAL:
		c.Bad(2, fmt.Sprintf("no type of socket has the number %d", kind))
	case err != nil:
		c.Fail(err)
	default:
		c.Return(socketObject(s, zmqSocketClass))
	}
}

func contextOption(c *lua.Call, i int) int {
	if c.IsNumber(i) {
		return c.Int(i, 0, math.MaxInt32)
	}
	n, known := zmq.ContextOption(c.String(i))
	if !known {
		c.Bad(i, "unknown option '"+c.String(i)+"'")
	}
	return n
}

// ctx = ctx:set(option, value)
func zmqContextSet(c *lua.Call) {
	option, value := contextOption(c, 2), c.Int(3, math.MinInt32, math.MaxInt32)
	if ctx := contextOf(c); ctx != nil {
		c.Done(ctx.Set(option, value))
	}
}

// value = ctx:get(option)
func zmqContextGet(c *lua.Call) {
	option := contextOption(c, 2)
	if ctx := contextOf(c); ctx != nil {
		n, err := ctx.Get(option)
		answer(c, n, err)
	}
}

func answer(c *lua.Call, value any, err error) {
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(value)
}

// ctx = ctx:close(): for all who have it. Whoever waits on one of its sockets gets ETERM.
func zmqContextClose(c *lua.Call) {
	if ctx, _ := c.Value(1, zmqContextClass).(*zmq.Context); ctx != nil {
		ctx.Terminate()
		c.Close(1, zmqContextClass)
	}
	c.Self()
}

// yes = ctx:closed()
func zmqContextClosed(c *lua.Call) {
	ctx, _ := c.Value(1, zmqContextClass).(*zmq.Context)
	c.Return(ctx == nil || ctx.Terminated())
}

// ---- sockets ------------------------------------------------------------------------------

// onSocket makes a method of what is done with an open socket.
func onSocket(f func(c *lua.Call, s *zmq.Socket)) func(*lua.Call) {
	return func(c *lua.Call) {
		if s := zmq.SocketOf(c.Object(1, zmqSocketClass)); s != nil {
			f(c, s)
			return
		}
		c.Fail(uv.EBADF)
	}
}

// toEndpoint makes a method of what is done with an endpoint.
func toEndpoint(f func(s *zmq.Socket, endpoint string) error) func(*lua.Call) {
	return func(c *lua.Call) {
		endpoint := c.String(2)
		onSocket(func(c *lua.Call, s *zmq.Socket) { c.Done(f(s, endpoint), endpoint) })(c)
	}
}

// endpoint = sock:last_endpoint()
func zmqLastEndpoint(c *lua.Call, s *zmq.Socket) {
	endpoint, err := s.LastEndpoint()
	answer(c, endpoint, err)
}

// option returns the option that argument i names, for reading ("r") or writing ("w").
func option(c *lua.Call, i int, access string) *zmq.Option {
	var o *zmq.Option
	var name string
	if c.IsNumber(i) {
		n := c.Int(i, 0, math.MaxInt32)
		o, name = zmq.OptionByNumber(n), strconv.Itoa(n)
	} else {
		name = c.String(i)
		o = zmq.OptionByName(name)
	}
	switch {
	case o == nil:
		c.Bad(i, "unknown option '"+name+"'")
	case access == "r" && o.Access == "w":
		c.Bad(i, "option '"+name+"' cannot be read")
	case access == "w" && o.Access == "r":
		c.Bad(i, "option '"+name+"' cannot be set")
	}
	return o
}

// value = sock:getsockopt(option)
func zmqGetsockopt(c *lua.Call) {
	o := option(c, 2, "r")
	onSocket(func(c *lua.Call, s *zmq.Socket) {
		v, err := s.Get(o)
		answer(c, v, err)
	})(c)
}

// sock = sock:setsockopt(option, value); sock.option = value
func zmqSetsockopt(c *lua.Call) {
	o, v := option(c, 2, "w"), c.Scalar(3)
	if !o.Check(v) {
		c.Bad(3, o.Wants()+" expected for "+o.Name)
	}
	onSocket(func(c *lua.Call, s *zmq.Socket) { c.Done(s.Set(o, v), o.Name) })(c)
}

// sock.option = value: an assignment cannot return an error, so it raises.
func zmqNewindex(c *lua.Call) {
	o, v := option(c, 2, "w"), c.Scalar(3)
	if !o.Check(v) {
		c.Bad(3, o.Wants()+" expected for "+o.Name)
	}
	s := zmq.SocketOf(c.Object(1, zmqSocketClass))
	if s == nil {
		c.Raise("EBADF: bad file descriptor: " + o.Name)
		return
	}
	if err := s.Set(o, v); err != nil {
		c.Raise(err.Error() + ": " + o.Name)
	}
}

// subscription makes subscribe and unsubscribe: of one topic or several, "" for all.
func subscription(name string) func(*lua.Call) {
	o := zmq.OptionByName(name)
	return func(c *lua.Call) {
		topics := []string{c.OptString(2, "")}
		for i := 3; i <= c.Count(); i++ {
			topics = append(topics, c.String(i))
		}
		onSocket(func(c *lua.Call, s *zmq.Socket) {
			for _, topic := range topics {
				if err := s.Set(o, topic); err != nil {
					c.Fail(err)
					return
				}
			}
			c.Self()
		})(c)
	}
}

var monitors atomic.Int64

// monitor = sock:monitor()
func zmqMonitor(c *lua.Call, s *zmq.Socket) {
	endpoint := fmt.Sprintf("inproc://luv.monitor.%d", monitors.Add(1))
	m, err := s.Monitor(c.Loop(), endpoint)
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(socketObject(m, zmqMonitorClass))
}

// fd = sock:fileno()
func zmqFileno(c *lua.Call, s *zmq.Socket) {
	fd, err := s.Fileno()
	answer(c, fd, err)
}

// ---- security ---------------------------------------------------------------------------

// key returns a field that is a key; "" when it is absent and may be.
func key(c *lua.Call, fields map[string]any, name string, required bool) string {
	v, given := fields[name]
	s, is := v.(string)
	if !given && !required {
		return ""
	}
	if !is || len(s) != 40 && len(s) != 32 {
		c.Bad(2, "field '"+name+"': key of 32 bytes, or of 40 characters in Z85, expected")
	}
	return s
}

func setAll(c *lua.Call, s *zmq.Socket, names []string, values []any) {
	for i, name := range names {
		if err := s.Set(zmq.OptionByName(name), values[i]); err != nil {
			c.Fail(err, name)
			return
		}
	}
	c.Self()
}

// sock = sock:curve_server{secret =}
func zmqCurveServer(c *lua.Call) {
	secret := key(c, c.Fields(2), "secret", true)
	onSocket(func(c *lua.Call, s *zmq.Socket) {
		setAll(c, s, []string{"CURVE_SERVER", "CURVE_SECRETKEY"}, []any{true, secret})
	})(c)
}

// sock = sock:curve_client{server =[, public =, secret =]}
func zmqCurveClient(c *lua.Call) {
	fields := c.Fields(2)
	server := key(c, fields, "server", true)
	public, secret := key(c, fields, "public", false), key(c, fields, "secret", false)
	var err error
	switch {
	case public == "" && secret == "":
		public, secret, err = zmq.Keypair()
	case public == "":
		public, err = zmq.Public(secret)
	case secret == "":
		c.Bad(2, "field 'secret' is missing")
	}
	if err != nil {
		c.Fail(err)
		return
	}
	onSocket(func(c *lua.Call, s *zmq.Socket) {
		setAll(c, s, []string{"CURVE_SERVERKEY", "CURVE_PUBLICKEY", "CURVE_SECRETKEY"},
			[]any{server, public, secret})
	})(c)
}

// public, secret = luv.zmq.curve_keypair()
func zmqCurveKeypair(c *lua.Call) {
	public, secret, err := zmq.Keypair()
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(public, secret)
}

// public = luv.zmq.curve_public(secret)
func zmqCurvePublic(c *lua.Call) {
	secret := c.String(1)
	if _, ok := zmq.Decode(secret); !ok || len(secret) != 40 {
		c.Bad(1, "key of 40 characters in Z85 expected")
	}
	public, err := zmq.Public(secret)
	answer(c, public, err)
}

// text = luv.zmq.z85_encode(data)
func zmqEncode(c *lua.Call) {
	text, ok := zmq.Encode(c.String(1))
	if !ok {
		c.Bad(1, "length is not a multiple of 4")
	}
	c.Return(text)
}

// data = luv.zmq.z85_decode(text)
func zmqDecode(c *lua.Call) {
	data, ok := zmq.Decode(c.String(1))
	if !ok {
		c.Fail(uv.EINVAL, "not Z85")
		return
	}
	c.Return(data)
}

// rules reads the table of ctx:auth.
func rules(c *lua.Call, t map[any]any) *zmq.Rules {
	r := &zmq.Rules{Allow: addresses(c, t, "allow"), Deny: addresses(c, t, "deny")}
	if f, given := t["handler"]; given {
		if _, is := f.(lua.Unknown); !is {
			c.Bad(2, "field 'handler': function expected")
		}
		r.Handler = true
	}
	if plain, given := t["plain"]; given {
		r.Plain = map[string]string{}
		for user, password := range table(c, plain, "plain") {
			u, ok := user.(string)
			p, is := password.(string)
			if !ok || !is {
				c.Bad(2, "field 'plain': table of passwords by user expected")
			}
			r.Plain[u] = p
		}
	}
	curve, given := t["curve"]
	if r.CurveAny = curve == "any"; !given || r.CurveAny {
		return r
	}
	r.Curve = map[string]bool{}
	for _, k := range stringList(c, curve, "curve") {
		if _, ok := zmq.Decode(k); !ok || len(k) != 40 {
			c.Bad(2, "field 'curve': keys of 40 characters in Z85, or \"any\", expected")
		}
		r.Curve[k] = true
	}
	return r
}

func table(c *lua.Call, v any, field string) map[any]any {
	t, is := v.(map[any]any)
	if !is {
		c.Bad(2, "field '"+field+"': table expected")
	}
	return t
}

// stringList reads a list.
func stringList(c *lua.Call, v any, field string) []string {
	list := []string{}
	for _, e := range table(c, v, field) {
		s, is := e.(string)
		if !is {
			c.Bad(2, "field '"+field+"': list of strings expected")
		}
		list = append(list, s)
	}
	return list
}

func addresses(c *lua.Call, t map[any]any, field string) []string {
	v, given := t[field]
	if !given {
		return nil
	}
	list := stringList(c, v, field)
	for _, a := range list {
		if !zmq.ValidAddress(a) {
			c.Bad(2, "field '"+field+"': '"+a+"' is no address, and no range like 10.0.0.0/8")
		}
	}
	return list
}

// router = luv.zmq.__authorize(ctx, rules): the socket that libzmq asks, for zmq_auth.c.
func zmqAuthorize(c *lua.Call) {
	ctx := contextOf(c)
	if ctx == nil {
		return
	}
	s, err := ctx.Authorize(c.Loop(), rules(c, c.Tree(2)))
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(socketObject(s, zmqSocketClass))
}

// code, text, user = luv.zmq.__decide(router, domain, address, identity, mechanism, ...)
func zmqDecide(c *lua.Call) {
	s := zmq.SocketOf(c.Object(1, zmqSocketClass))
	if s == nil {
		c.Return("500", "closed", "")
		return
	}
	q := zmq.Request{Domain: c.OptString(2, ""), Address: c.OptString(3, ""),
		Identity: c.OptString(4, ""), Mechanism: c.OptString(5, "")}
	for i := 6; i <= c.Count(); i++ {
		q.Credentials = append(q.Credentials, c.String(i))
	}
	code, text, user := s.Context().Decide(q)
	c.Return(code, text, user)
}

// ---- the module -----------------------------------------------------------------------

func zmqConstants() map[string]any {
	all := map[string]any{"exit_linger": 1}
	for name, n := range zmq.Constants() {
		all[name] = n
	}
	return all
}

func init() {
	lua.Register(lua.Module{Name: "luv.zmq", Funcs: []lua.Func{
		{Name: "create", Go: zmqCreate},
		{Name: "has", Go: func(c *lua.Call) { c.Return(zmq.Has(c.String(1))) }},
		{Name: "curve_keypair", Go: zmqCurveKeypair},
		{Name: "curve_public", Go: zmqCurvePublic},
		{Name: "z85_encode", Go: zmqEncode},
		{Name: "z85_decode", Go: zmqDecode},
		{Name: "proxy", Face: "zmq_proxy"},
		{Name: "__authorize", Go: zmqAuthorize},
		{Name: "__decide", Go: zmqDecide},
	}, Consts: zmqConstants()})
	lua.DefineClass(lua.ClassDef{Name: "luv.zmq.context", Plain: true, Methods: []lua.Func{
		{Name: "socket", Go: zmqSocket},
		{Name: "set", Go: zmqContextSet},
		{Name: "get", Go: zmqContextGet},
		{Name: "auth", Face: "zmq_auth"},
		{Name: "close", Go: zmqContextClose},
		{Name: "closed", Go: zmqContextClosed},
	}})
	lua.DefineClass(lua.ClassDef{Name: "luv.zmq.socket", Methods: []lua.Func{
		{Name: "send", Face: "zmq_send"},
		{Name: "recv", Face: "zmq_recv"},
		{Name: "recv_multipart", Face: "zmq_recv_multipart"},
		{Name: "bind", Go: toEndpoint((*zmq.Socket).Bind)},
		{Name: "connect", Go: toEndpoint((*zmq.Socket).Connect)},
		{Name: "unbind", Go: toEndpoint((*zmq.Socket).Unbind)},
		{Name: "disconnect", Go: toEndpoint((*zmq.Socket).Disconnect)},
		{Name: "last_endpoint", Go: onSocket(zmqLastEndpoint)},
		{Name: "getsockopt", Go: zmqGetsockopt},
		{Name: "setsockopt", Go: zmqSetsockopt},
		{Name: "subscribe", Go: subscription("SUBSCRIBE")},
		{Name: "unsubscribe", Go: subscription("UNSUBSCRIBE")},
		{Name: "monitor", Go: onSocket(zmqMonitor)},
		{Name: "fileno", Go: onSocket(zmqFileno)},
		{Name: "curve_server", Go: zmqCurveServer},
		{Name: "curve_client", Go: zmqCurveClient},
		{Name: "__newindex", Go: zmqNewindex},
	}})
	lua.DefineClass(lua.ClassDef{Name: "luv.zmq.monitor", Methods: []lua.Func{
		{Name: "next", Face: "zmq_monitor_next"},
	}})
}
