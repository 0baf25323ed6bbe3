package uv_test

import (
	"syscall"
	"testing"

	"luv/uv"
)

// newPoll returns a poll handle on the reading end of a new pipe, and the writing end.
func newPoll(t *testing.T, l *uv.Loop) (*uv.Poll, int, int) {
	t.Helper()
	r, w, err := makePipe()
	ok(t, err)
	t.Cleanup(func() { syscall.Close(r); syscall.Close(w) })
	p, err := uv.NewPoll(l, r)
	ok(t, err)
	return p, r, w
}

func TestPollTellsWhatIsReady(t *testing.T) {
	l := newLoop(t)
	p, r, w := newPoll(t, l)
	out, err := uv.NewPoll(l, w)
	ok(t, err)
	var got string
	ok(t, p.Start(uv.Readable, func(e uv.PollEvents, err error) {
		ok(t, err)
		equal(t, "events", e, uv.Readable)
		buf := make([]byte, 10)
		n, err := syscall.Read(r, buf)
		ok(t, err)
		got = string(buf[:n])
		ok(t, p.Stop())
	}))
	ok(t, out.Start(uv.Readable|uv.Writable, func(e uv.PollEvents, err error) {
		ok(t, err)
		equal(t, "events", e, uv.Writable)
		_, err = syscall.Write(w, []byte("hello"))
		ok(t, err)
		out.Close()
	}))
	run(t, l)
	equal(t, "read", got, "hello")
	equal(t, "active", p.Active(), false)
}

func TestPollErrors(t *testing.T) {
	l := newLoop(t)
	_, err := uv.NewPoll(l, 1<<20)
	fails(t, err, uv.EBADF)
	p, r, _ := newPoll(t, l)
	ok(t, p.Start(uv.Readable, func(uv.PollEvents, error) {}))
	if _, err := uv.NewPoll(l, r); err == nil {
		t.Error("two handles for one descriptor")
	}
	p.Close()
	fails(t, p.Start(uv.Readable, func(uv.PollEvents, error) {}), uv.EBADF)
	fails(t, p.Stop(), uv.EBADF)
}
