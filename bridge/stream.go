package bridge

import "luv/lua"

// streamMethods are the methods that every stream class has.
func streamMethods(own ...lua.Func) []lua.Func {
	return append([]lua.Func{
		{Name: "read", Args: lua.Own, Face: "stream_read"},
		{Name: "read_exactly", Args: lua.Own, Face: "stream_read_exactly"},
		{Name: "read_line", Args: lua.Own, Face: "stream_read_line"},
		{Name: "read_until", Args: lua.Own, Face: "stream_read_until"},
		{Name: "read_all", Args: lua.Own, Face: "stream_read_all"},
		{Name: "lines", Face: "stream_lines"},
		{Name: "unread", Args: 1, Face: "stream_unread"},
		{Name: "write", Args: lua.Own, Face: "stream_write"},
		{Name: "write_some", Args: lua.Own, Face: "stream_write_some"},
		{Name: "wait", Args: lua.Own, Face: "stream_wait"},
		{Name: "detach", Face: "stream_detach"},
		{Name: "shutdown", Args: lua.Own, Face: "stream_shutdown"},
		{Name: "readable", Face: "stream_readable"},
		{Name: "writable", Face: "stream_writable"},
		{Name: "start", Face: "stream_start"},
		{Name: "stop", Face: "stream_stop"},
		{Name: "read_queue_size", Face: "stream_read_queue_size"},
		{Name: "write_queue_size", Face: "stream_write_queue_size"},
		{Name: "accept", Args: lua.Own, Face: "stream_accept"},
		{Name: "starttls", Args: 2, Face: "stream_starttls", Go: streamStarttls, Waits: true},
	}, own...)
}

const maxBacklog = 65535

// bufferSize is stream:send_buffer_size([n]) and recv_buffer_size([n]).
func bufferSize(c *lua.Call, s interface{ BufferSize(bool, int) (int, error) }, send bool) {
	size := c.OptInt(2, 0, 1, 1<<30)
	n, err := s.BufferSize(send, size)
	switch {
	case err != nil:
		c.Fail(err)
	case size != 0:
		c.Self()
	default:
		c.Return(n)
	}
}

// socketMethods are those of all sockets that have a buffer in the kernel.
func socketMethods[S interface {
	Fileno() (int, error)
	BufferSize(bool, int) (int, error)
	optioned
}](of func(*lua.Call) S) []lua.Func {
	return []lua.Func{
		{Name: "fileno", Go: func(c *lua.Call) { fileno(c, of(c)) }},
		{Name: "send_buffer_size", Args: 1, Go: func(c *lua.Call) { bufferSize(c, of(c), true) }},
		{Name: "setoption", Args: 2, Go: func(c *lua.Call) { setOption(c, of(c)) }},
		{Name: "getoption", Args: 1, Go: func(c *lua.Call) { getOption(c, of(c)) }},
		{Name: "recv_buffer_size", Args: 1, Go: func(c *lua.Call) { bufferSize(c, of(c), false) }},
	}
}

// fd = stream:fileno()
func fileno(c *lua.Call, s interface{ Fileno() (int, error) }) {
	fd, err := s.Fileno()
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(fd)
}
