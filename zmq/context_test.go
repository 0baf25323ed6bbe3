package zmq

import (
	"testing"
	"time"

	"luv/uv"
)

func newContext(t *testing.T) *Context {
	t.Helper()
	c, err := NewContext(2)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The options are read through the pointer that raw finds in zmq4's value: this fails when
// zmq4 keeps it elsewhere.
func TestContextIsWhereWeLook(t *testing.T) {
	c := newContext(t)
	if n, err := c.Get(ContextOptions["IO_THREADS"]); n != 2 || err != nil {
		t.Errorf("IO_THREADS is %d, %v", n, err)
	}
	if err := c.Set(ContextOptions["MAX_SOCKETS"], 7); err != nil {
		t.Error(err)
	}
	if n, err := c.z.GetMaxSockets(); n != 7 || err != nil {
		t.Errorf("zmq4 reads %d, %v", n, err)
	}
	c.Drop()
	if _, err := c.Get(ContextOptions["IO_THREADS"]); err != uv.EBADF {
		t.Errorf("after the last Drop: %v", err)
	}
}

func TestLastHolderTerminates(t *testing.T) {
	c := newContext(t)
	c.Hold()
	c.Drop()
	if c.Terminated() {
		t.Error("with one holder left")
	}
	c.Drop()
	if !c.Terminated() {
		t.Error("with none")
	}
	if !Drain(5 * time.Second) {
		t.Error("a context without sockets does not end")
	}
}

func TestExitTerminatesAll(t *testing.T) {
	c := newContext(t)
	if !Exit(5 * time.Second) {
		t.Error("did not end")
	}
	if !c.Terminated() {
		t.Error("a context is left")
	}
}

func TestContextOptionNames(t *testing.T) {
	if n, known := ContextOption("max_sockets"); !known || n != ContextOptions["MAX_SOCKETS"] {
		t.Error(n, known)
	}
	if _, known := ContextOption("nothing"); known {
		t.Error("nothing is known")
	}
}

// A message holds a context by its id; what is terminated is not found, and drops nothing.
func TestContextsByID(t *testing.T) {
	c, other := newContext(t), newContext(t)
	id := c.Share()
	if id == 0 || id == other.Share() {
		t.Fatalf("id %d", id)
	}
	if found := Find(id); found != c {
		t.Errorf("Find returns %p, not %p", found, c)
	}
	c.Drop()
	c.Drop()
	if c.Terminated() {
		t.Error("terminated while a message has it")
	}
	DropID(id)
	if !c.Terminated() || Find(id) != nil || c.Share() != 0 {
		t.Error("still there after the last reference")
	}
	DropID(id)
	other.Terminate()
}
