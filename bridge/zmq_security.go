package bridge

import (
	"luv/lua"
	"luv/uv"
	"luv/zmq"
)

// zmq_security.go - keys, CURVE in one call, and who may connect.

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
