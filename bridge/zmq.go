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
		{Name: "create", Args: 2, Go: zmqCreate},
		{Name: "has", Args: 1, Go: func(c *lua.Call) { c.Return(zmq.Has(c.String(1))) }},
		{Name: "curve_keypair", Go: zmqCurveKeypair},
		{Name: "curve_public", Args: 1, Go: zmqCurvePublic},
		{Name: "z85_encode", Args: 1, Go: zmqEncode},
		{Name: "z85_decode", Args: 1, Go: zmqDecode},
		{Name: "proxy", Args: lua.Own, Face: "zmq_proxy"},
		{Name: "__authorize", Args: 2, Go: zmqAuthorize},
		{Name: "__decide", Args: lua.Many, Go: zmqDecide},
	}, Consts: zmqConstants()})
	lua.DefineClass(lua.ClassDef{Name: "luv.zmq.context", Plain: true, Methods: []lua.Func{
		{Name: "socket", Args: 1, Go: zmqSocket},
		{Name: "set", Args: 2, Go: zmqContextSet},
		{Name: "get", Args: 1, Go: zmqContextGet},
		{Name: "auth", Args: 1, Face: "zmq_auth"},
		{Name: "close", Go: zmqContextClose},
		{Name: "closed", Go: zmqContextClosed},
	}})
	lua.DefineClass(lua.ClassDef{Name: "luv.zmq.socket", Plain: true, Methods: []lua.Func{
		{Name: "close", Args: lua.Own, Face: "zmq_close"},
		{Name: "closed", Face: "object_closed"},
		{Name: "send", Args: lua.Own, Face: "zmq_send"},
		{Name: "recv", Args: lua.Own, Face: "zmq_recv"},
		{Name: "recv_multipart", Args: lua.Own, Face: "zmq_recv_multipart"},
		{Name: "peer", Face: "zmq_peer"},
		{Name: "bind", Args: 1, Go: toEndpoint((*zmq.Socket).Bind)},
		{Name: "connect", Args: 1, Go: toEndpoint((*zmq.Socket).Connect)},
		{Name: "unbind", Args: lua.Own, Face: "zmq_unbind", Go: toEndpoint((*zmq.Socket).Unbind)},
		{Name: "disconnect", Args: 1, Go: toEndpoint((*zmq.Socket).Disconnect)},
		{Name: "last_endpoint", Go: onSocket(zmqLastEndpoint)},
		{Name: "getsockopt", Args: 1, Go: zmqGetsockopt},
		{Name: "setsockopt", Args: 2, Go: zmqSetsockopt},
		{Name: "subscribe", Args: lua.Many, Go: subscription("SUBSCRIBE")},
		{Name: "unsubscribe", Args: lua.Many, Go: subscription("UNSUBSCRIBE")},
		{Name: "monitor", Go: onSocket(zmqMonitor)},
		{Name: "fileno", Go: onSocket(zmqFileno)},
		{Name: "curve_server", Args: 1, Go: zmqCurveServer},
		{Name: "curve_client", Args: 1, Go: zmqCurveClient},
		{Name: "__newindex", Args: 2, Go: zmqNewindex},
		{Name: "__index", Args: 1, Go: zmqIndex},
	}})
	lua.DefineClass(lua.ClassDef{Name: "luv.zmq.monitor", Methods: []lua.Func{
		{Name: "next", Args: lua.Own, Face: "zmq_monitor_next"},
	}})
}
