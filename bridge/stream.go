package bridge

import "luv/lua"

// streamMethods are the methods that every stream class has.
func streamMethods(own ...lua.Func) []lua.Func {
	return append([]lua.Func{
		{Name: "read", Face: "stream_read"},
		{Name: "read_exactly", Face: "stream_read_exactly"},
		{Name: "read_line", Face: "stream_read_line"},
		{Name: "read_until", Face: "stream_read_until"},
		{Name: "read_all", Face: "stream_read_all"},
		{Name: "lines", Face: "stream_lines"},
		{Name: "unread", Face: "stream_unread"},
		{Name: "write", Face: "stream_write"},
		{Name: "write_some", Face: "stream_write_some"},
		{Name: "wait", Face: "stream_wait"},
		{Name: "detach", Face: "stream_detach"},
		{Name: "shutdown", Face: "stream_shutdown"},
		{Name: "readable", Face: "stream_readable"},
		{Name: "writable", Face: "stream_writable"},
		{Name: "start", Face: "stream_start"},
		{Name: "stop", Face: "stream_stop"},
		{Name: "write_queue_size", Face: "stream_write_queue_size"},
		{Name: "accept", Face: "stream_accept"},
	}, own...)
}

const maxBacklog = 65535

// bufferSize is stream:send_buffer_size([n]) and recv_buffer_size([n]).
func bufferSize(c *lua.Call, s interface{ BufferSize(bool, int) (int, error) }, send bool) {
	c.Last(2)
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
		{Name: "send_buffer_size", Go: func(c *lua.Call) { bufferSize(c, of(c), true) }},
		{Name: "setoption", Go: func(c *lua.Call) { setOption(c, of(c)) }},
		{Name: "getoption", Go: func(c *lua.Call) { getOption(c, of(c)) }},
		{Name: "recv_buffer_size", Go: func(c *lua.Call) { bufferSize(c, of(c), false) }},
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
