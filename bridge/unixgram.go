package bridge

import (
	"luv/lua"
	"luv/uv"
)

// unixgram.go - luv.net.unixgram: datagrams between unix sockets. They are sent and received as those
// of luv.udp are.

var unixgramClass = lua.NewClass("luv.unixgram")

func unixgramOf(c *lua.Call) *uv.Unixgram { return uv.UnixgramOf(c.Object(1, unixgramClass)) }

// socket = luv.net.unixgram()
func unixgramCreate(c *lua.Call) {
	u, err := uv.NewUnixgram(c.Loop())
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(lua.Object{Class: unixgramClass, Pointer: u.Object()})
}

// socket = socket:bind([path[, {unlink, mode}]])
func unixgramBind(c *lua.Call) {
	u, path, options := unixgramOf(c), c.OptString(2, ""), pipeBindOptions(c, 3)
	if path == "" && !c.Nil(2) {
		c.Fail(uv.EINVAL, "an empty name")
		return
	}
	c.Done(u.Bind(path, options), shown(path))
}

// socket = socket:open(fd)
func unixgramOpen(c *lua.Call) { c.Done(unixgramOf(c).Open(c.Int(2, 0, 1<<31-1))) }

// socket = socket:connect(path)
func unixgramConnect(c *lua.Call) {
	u, path := unixgramOf(c), c.String(2)
	c.Done(u.Connect(path), shown(path))
}

// socket = socket:disconnect()
func unixgramDisconnect(c *lua.Call) { c.Done(unixgramOf(c).Disconnect()) }

// socket = socket:chmod(mode)
func unixgramChmod(c *lua.Call) {
	u := unixgramOf(c)
	c.Done(u.Chmod(fileMode(c, 2)))
}

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.unixgram",
		Methods: append([]lua.Func{
			{Name: "bind", Args: 2, Go: unixgramBind},
			{Name: "open", Args: 1, Go: unixgramOpen},
			{Name: "connect", Args: 1, Go: unixgramConnect},
			{Name: "disconnect", Go: unixgramDisconnect},
			{Name: "send", Args: lua.Own, Face: "unixgram_send"},
			{Name: "recv", Args: lua.Own, Face: "udp_recv"},
			{Name: "getsockname", Go: func(c *lua.Call) { replyName(c)(unixgramOf(c).Getsockname()) }},
			{Name: "getpeername", Go: func(c *lua.Call) { replyName(c)(unixgramOf(c).Getpeername()) }},
			{Name: "chmod", Args: 1, Go: unixgramChmod},
			{Name: "send_queue_size", Face: "udp_send_queue_size"},
			{Name: "send_queue_count", Face: "udp_send_queue_count"},
		}, socketMethods(unixgramOf)...),
	})
}
