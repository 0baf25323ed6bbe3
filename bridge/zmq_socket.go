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

// zmq_socket.go - sockets: endpoints, options, topics, monitors. What is done per message
// is in csrc/zmq.

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

// assignment returns the option and its new value, arguments 2 and 3.
func assignment(c *lua.Call) (*zmq.Option, any) {
	o, v := option(c, 2, "w"), c.Scalar(3)
	if !o.Check(v) {
		c.Bad(3, o.Wants()+" expected for "+o.Name)
	}
	return o, v
}

// sock = sock:setsockopt(option, value)
func zmqSetsockopt(c *lua.Call) {
	o, v := assignment(c)
	onSocket(func(c *lua.Call, s *zmq.Socket) { c.Done(s.Set(o, v), o.Name) })(c)
}

// asField makes sock.option of what is done with the option: it cannot return an error, so
// it raises.
func asField(c *lua.Call, o *zmq.Option, f func(s *zmq.Socket) (any, error)) {
	s := zmq.SocketOf(c.Object(1, zmqSocketClass))
	if s == nil {
		c.Raise("EBADF: bad file descriptor: " + o.Name)
		return
	}
	v, err := f(s)
	if err != nil {
		c.Raise(err.Error() + ": " + o.Name)
		return
	}
	c.Return(v)
}

// sock.option = value
func zmqNewindex(c *lua.Call) {
	o, v := assignment(c)
	asField(c, o, func(s *zmq.Socket) (any, error) { return nil, s.Set(o, v) })
}

// value = sock.option; nil for what is no option. csrc/zmq/zmq_index.c looks for methods first.
func zmqIndex(c *lua.Call) {
	if !c.IsString(2) || zmq.OptionByName(c.String(2)) == nil {
		c.Return(nil)
		return
	}
	o := option(c, 2, "r")
	asField(c, o, func(s *zmq.Socket) (any, error) { return s.Get(o) })
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
