package zmq

// #include <zmq.h>
// #include "zmq_context.h"
// int luv__threads_possible(int n);
import "C"

import (
	"reflect"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/pebbe/zmq4"

	"luv/csrc/core"
	"luv/uv"
)

// A Context is shared by all who hold it: the userdata of every state that has one, and
// the open sockets. When the last lets go it is terminated.
type Context struct {
	z  *zmq4.Context
	id uint64 // of this one alone, in this process

	mu         sync.Mutex
	holders    int
	terminated bool
	begun      bool // it has made a socket, and with it its threads
	inproc     endpoints
	leavers    []*zmq4.Socket // monitors of closed sockets: leave.go
	rules      *Rules
	router     *Socket // that libzmq asks about connections
}

// pending counts the contexts that libzmq still has messages of.
var pending struct {
	sync.Mutex
	contexts int
	waiting  chan struct{} // closed when contexts becomes 0
}

// NewContext makes a context, held once.
func NewContext(ioThreads int) (*Context, error) {
	C.luv__zmq_allow_contexts()
	z, err := zmq4.NewContext()
	if err != nil {
		return nil, fail(err)
	}
	if err := z.SetIoThreads(ioThreads); err != nil {
		return nil, fail(err)
	}
	c := &Context{z: z, holders: 1}
	live.Lock()
	live.last++
	c.id = live.last
	live.all[c.id] = c
	live.Unlock()
	return c, nil
}

// raw is libzmq's context. The one place that knows where zmq4 keeps it.
func (c *Context) raw() unsafe.Pointer {
	return reflect.ValueOf(c.z).Elem().FieldByName("ctx").UnsafePointer()
}

// begin makes sure, before a context makes its first socket, of what libzmq opens and starts then:
// it aborts where the kernel refuses.
func (c *Context) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.begun {
		return nil
	}
	threads := 2 // those of input and output, and the reaper
	if n, err := C.zmq_ctx_get(c.raw(), C.ZMQ_IO_THREADS); err == nil {
		threads = int(n) + 1
	}
	if err := uv.Descriptors(2*threads + 4); err != nil {
		return err
	}
	if r := C.luv__threads_possible(C.int(threads)); r < 0 {
		return uv.Errno(r)
	}
	c.begun = true
	return nil
}

// Hold adds a holder.
func (c *Context) Hold() {
	c.mu.Lock()
	c.holders++
	c.mu.Unlock()
}

// Drop takes one away. The last one's terminates the context.
func (c *Context) Drop() {
	c.mu.Lock()
	c.holders--
	last := c.holders == 0
	c.mu.Unlock()
	if last {
		c.Terminate()
	}
}

// Share takes a reference and returns the context's id; 0 when it is terminated.
func (c *Context) Share() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.terminated || c.holders == 0 {
		return 0
	}
	c.holders++
	return c.id
}

// Find returns the context with that id, with a reference taken; nil when it is gone.
func Find(id uint64) *Context {
	live.Lock()
	c := live.all[id]
	live.Unlock()
	if c == nil || c.Share() == 0 {
		return nil
	}
	return c
}

// DropID gives back a reference that Share has taken.
func DropID(id uint64) {
	live.Lock()
	c := live.all[id]
	live.Unlock()
	if c != nil {
		c.Drop()
	}
}

// Terminated reports whether Terminate has been called.
func (c *Context) Terminated() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.terminated
}

// Terminate makes whatever its sockets do or wait for fail with ETERM, and lets libzmq
// end the context: in a thread of its own, since that takes until every socket is closed
// and every message is sent, or its linger over.
func (c *Context) Terminate() {
	c.mu.Lock()
	done := c.terminated
	c.terminated = true
	c.mu.Unlock()
	if done {
		return
	}
	live.Lock()
	delete(live.all, c.id)
	live.Unlock()
	pending.Lock()
	pending.contexts++
	pending.Unlock()
	go func() {
		c.inproc.meet()
		c.dismiss()
		c.z.Term()
		pending.Lock()
		pending.contexts--
		if pending.contexts == 0 && pending.waiting != nil {
			close(pending.waiting)
			pending.waiting = nil
		}
		pending.Unlock()
	}()
}

// live are the contexts that are not terminated.
var live struct {
	sync.Mutex
	all  map[uint64]*Context
	last uint64 // the id given out last
}

func init() {
	live.all = map[uint64]*Context{}
	core.Exit = func(seconds float64) { Exit(time.Duration(min(seconds, 1e9) * float64(time.Second))) }
}

// Exit terminates all contexts and waits for their messages, at most that long.
func Exit(d time.Duration) bool {
	live.Lock()
	var all []*Context
	for _, c := range live.all {
		all = append(all, c)
	}
	live.Unlock()
	for _, c := range all {
		c.Terminate()
	}
	return Drain(d)
}

// Drain waits until no terminated context has messages left, but not longer than d.
func Drain(d time.Duration) bool {
	pending.Lock()
	if pending.contexts == 0 {
		pending.Unlock()
		return true
	}
	if pending.waiting == nil {
		pending.waiting = make(chan struct{})
	}
	waiting := pending.waiting
	pending.Unlock()
	select {
	case <-waiting:
		return true
	case <-time.After(d):
		return false
	}
}

// ContextOptions are the options of contexts by name.
var ContextOptions = map[string]int{
	"IO_THREADS": C.ZMQ_IO_THREADS, "MAX_SOCKETS": C.ZMQ_MAX_SOCKETS,
	"SOCKET_LIMIT": C.ZMQ_SOCKET_LIMIT, "THREAD_PRIORITY": C.ZMQ_THREAD_PRIORITY,
	"THREAD_SCHED_POLICY": C.ZMQ_THREAD_SCHED_POLICY, "MAX_MSGSZ": C.ZMQ_MAX_MSGSZ,
	"MSG_T_SIZE": C.ZMQ_MSG_T_SIZE, "THREAD_AFFINITY_CPU_ADD": C.ZMQ_THREAD_AFFINITY_CPU_ADD,
	"THREAD_AFFINITY_CPU_REMOVE": C.ZMQ_THREAD_AFFINITY_CPU_REMOVE,
	"THREAD_NAME_PREFIX":         C.ZMQ_THREAD_NAME_PREFIX, "IPV6": C.ZMQ_IPV6, "BLOCKY": C.ZMQ_BLOCKY,
}

// Set sets an option by number.
func (c *Context) Set(option, value int) error {
	if c.Terminated() {
		return uv.EBADF
	}
	if n, err := C.zmq_ctx_set(c.raw(), C.int(option), C.int(value)); n < 0 {
		return fail(err)
	}
	return nil
}

// Get returns an option by number.
func (c *Context) Get(option int) (int, error) {
	if c.Terminated() {
		return 0, uv.EBADF
	}
	n, err := C.zmq_ctx_get(c.raw(), C.int(option))
	if n < 0 {
		return 0, fail(err)
	}
	return int(n), nil
}

// ContextOption finds an option by its name, in capitals or not.
func ContextOption(name string) (int, bool) {
	n, known := ContextOptions[strings.ToUpper(name)]
	return n, known
}
