package bridge

import (
	"fmt"
	"math"

	"luv/lua"
	"luv/uv"
	"luv/zmq"
)

// zmq_context.go - contexts: what luv.zmq.create returns.

// sharedContexts finds contexts for the codec: a message has their ids.
type sharedContexts struct{}

func (sharedContexts) Find(id uint64) any {
	if ctx := zmq.Find(id); ctx != nil {
		return ctx
	}
	return nil
}

func (sharedContexts) Drop(id uint64) { zmq.DropID(id) }

func init() { lua.Share(sharedContexts{}) }

// ctx = luv.zmq.create([io_threads = 1]), or luv.zmq:create(...)
func zmqCreate(c *lua.Call) {
	i := 1
	if c.IsTable(1) {
		i = 2
	}
	c.Last(i)
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

// socketType is the number of a type, or its name as options have theirs.
func socketType(c *lua.Call, i int) (int, string) {
	if c.IsNumber(i) {
		n := c.Int(i, 0, math.MaxInt32)
		if zmq.TypeName(n) == "" {
			c.Bad(i, fmt.Sprintf("no type of socket has the number %d", n))
		}
		return n, zmq.TypeName(n)
	}
	if !c.IsString(i) {
		c.Number(i)
	}
	n, known := zmq.SocketType(c.String(i))
	if !known {
		c.Bad(i, "no type of socket has the name '"+c.String(i)+"'")
	}
	return n, zmq.TypeName(n)
}

// sock = ctx:socket(type)
func zmqSocket(c *lua.Call) {
	kind, name := socketType(c, 2)
	ctx := contextOf(c)
	if ctx == nil {
		return
	}
	s, err := ctx.NewSocket(c.Loop(), kind)
	switch {
	case err == uv.EINVAL:
		c.Fail(err, "this libzmq has no "+name)
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
