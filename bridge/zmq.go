package bridge

import (
	"luv/lua"
	"luv/zmq"
)

var (
	zmqContextClass = lua.NewClass("luv.zmq.context")
	zmqSocketClass  = lua.NewClass("luv.zmq.socket")
	zmqMonitorClass = lua.NewClass("luv.zmq.monitor")
)

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
	lua.DefineClass(lua.ClassDef{Name: "luv.zmq.socket", Plain: true, Methods: []lua.Func{
		{Name: "close", Face: "zmq_close"},
		{Name: "closed", Face: "object_closed"},
		{Name: "send", Face: "zmq_send"},
		{Name: "recv", Face: "zmq_recv"},
		{Name: "recv_multipart", Face: "zmq_recv_multipart"},
		{Name: "bind", Go: toEndpoint((*zmq.Socket).Bind)},
		{Name: "connect", Go: toEndpoint((*zmq.Socket).Connect)},
		{Name: "unbind", Face: "zmq_unbind", Go: toEndpoint((*zmq.Socket).Unbind)},
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
		{Name: "__index", Go: zmqIndex},
	}})
	lua.DefineClass(lua.ClassDef{Name: "luv.zmq.monitor", Methods: []lua.Func{
		{Name: "next", Face: "zmq_monitor_next"},
	}})
}
