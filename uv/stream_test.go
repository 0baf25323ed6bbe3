package uv_test

import (
	"bytes"
	"syscall"
	"testing"

	"luv/uv"
)

// pair returns the two connected ends of a socket pair.
func pair(t *testing.T, l *uv.Loop) (a, b *uv.TCP) {
	t.Helper()
	fds, err := uv.Socketpair()
	ok(t, err)
	a, b = newTCP(t, l), newTCP(t, l)
	ok(t, a.Open(fds[0]))
	ok(t, b.Open(fds[1]))
	return a, b
}

// readAll collects what arrives until the end, and closes.
func readAll(t *testing.T, s *uv.TCP, into *[]byte) {
	t.Helper()
	ok(t, s.ReadStart(func(data []byte, err error) {
		if err != nil {
			fails(t, err, uv.EOF)
			s.Close()
			return
		}
		*into = append(*into, data...)
	}))
}

// More than the kernel takes at once; the caller's bytes are its own again after Write.
func TestWriteLarge(t *testing.T) {
	l := newLoop(t)
	a, b := pair(t, l)
	data := bytes.Repeat([]byte("abcdefgh"), 1<<18)
	want := bytes.Clone(data)
	var got []byte
	readAll(t, b, &got)
	written := false
	ok(t, a.Write(data, func(err error) {
		ok(t, err)
		written = true
		a.Close()
	}))
	clear(data)
	run(t, l)
	equal(t, "written", written, true)
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived, not the %d that were sent", len(got), len(want))
	}
}

func TestWritesKeepTheirOrder(t *testing.T) {
	l := newLoop(t)
	a, b := pair(t, l)
	var got, ends []byte
	readAll(t, b, &got)
	for _, c := range []byte("abc") {
		ok(t, a.Write([]byte{c}, func(err error) { ok(t, err); ends = append(ends, c) }))
	}
	ok(t, a.Write(nil, func(err error) { ok(t, err); a.Close() }))
	run(t, l)
	equal(t, "received", string(got), "abc")
	equal(t, "order of the ends", string(ends), "abc")
}

// The bytes may lie inside a value that holds pointers, which cgo would not let pass.
func TestWriteFromInsideAStruct(t *testing.T) {
	l := newLoop(t)
	a, b := pair(t, l)
	holder := &struct {
		loop *uv.Loop
		data [5]byte
	}{l, [5]byte([]byte("hello"))}
	var got []byte
	readAll(t, b, &got)
	ok(t, a.Write(holder.data[:], func(err error) { ok(t, err); a.Close() }))
	run(t, l)
	equal(t, "received", string(got), "hello")
}

func TestShutdownEndsOneDirection(t *testing.T) {
	l := newLoop(t)
	a, b := pair(t, l)
	var answer []byte
	readAll(t, a, &answer)
	ok(t, b.ReadStart(func(data []byte, err error) {
		if err == nil {
			equal(t, "received", string(data), "question")
			return
		}
		fails(t, err, uv.EOF)
		ok(t, b.Write([]byte("answer"), func(err error) { ok(t, err); b.Close() }))
	}))
	ok(t, a.Write([]byte("question"), nil))
	ended := false
	ok(t, a.Shutdown(func(err error) { ok(t, err); ended = true }))
	run(t, l)
	equal(t, "shutdown reported", ended, true)
	equal(t, "received after the shutdown", string(answer), "answer")
}

func TestTryWriteUntilTheKernelIsFull(t *testing.T) {
	l := newLoop(t)
	a, b := pair(t, l)
	chunk, sent := make([]byte, 1<<16), 0
	var err error
	for err == nil && sent < 1<<28 {
		var n int
		n, err = a.TryWrite(chunk)
		sent += n
	}
	fails(t, err, uv.EAGAIN)
	var got []byte
	readAll(t, b, &got)
	a.Close()
	run(t, l)
	equal(t, "bytes", len(got), sent)
}

func TestReadStop(t *testing.T) {
	l := newLoop(t)
	a, b := pair(t, l)
	reads := 0
	ok(t, b.ReadStart(func([]byte, error) {
		reads++
		ok(t, b.ReadStop())
	}))
	_, err := a.TryWrite([]byte("one"))
	ok(t, err)
	run(t, l) // ends, since nobody reads any more
	_, err = a.TryWrite([]byte("two"))
	ok(t, err)
	l.Run(uv.NoWait)
	equal(t, "reads", reads, 1)
	ok(t, b.ReadStart(func(data []byte, err error) {
		ok(t, err)
		equal(t, "read later", string(data), "two")
		b.Close()
	}))
	run(t, l)
}

func TestCloseEndsPendingWrites(t *testing.T) {
	l := newLoop(t)
	a, _ := pair(t, l)
	var ends []error
	for range 2 {
		ok(t, a.Write(make([]byte, 1<<22), func(err error) { ends = append(ends, err) }))
	}
	a.Close()
	run(t, l)
	equal(t, "ends", len(ends), 2)
	for _, err := range ends {
		fails(t, err, uv.ECANCELED)
	}
}

func TestWriteToAPeerThatIsGone(t *testing.T) {
	l := newLoop(t)
	a, b := pair(t, l)
	b.Close()
	l.Run(uv.NoWait)
	called := false
	err := a.Write([]byte("x"), func(err error) {
		called = true
		fails(t, err, uv.FromSystem(int(syscall.EPIPE)))
	})
	ok(t, err)
	run(t, l)
	equal(t, "called", called, true)
}

func TestBufferSize(t *testing.T) {
	l := newLoop(t)
	a, _ := pair(t, l)
	for _, send := range []bool{true, false} {
		before, err := a.BufferSize(send, 0)
		ok(t, err)
		_, err = a.BufferSize(send, 16384)
		ok(t, err)
		after, err := a.BufferSize(send, 0)
		ok(t, err)
		equal(t, "size", after, 2*16384) // Linux counts its own share, too
		if before == after {
			t.Errorf("the size was %d before", before)
		}
	}
}

// A handle that is bound keeps its number when it takes over another socket.
func TestOpenReplacesADescriptor(t *testing.T) {
	l := newLoop(t)
	fds, err := uv.Socketpair()
	ok(t, err)
	a, b := newTCP(t, l), newTCP(t, l)
	ok(t, a.Bind(loopback, uv.BindFlags{}))
	before, err := a.Fileno()
	ok(t, err)
	ok(t, a.Open(fds[0]))
	after, err := a.Fileno()
	ok(t, err)
	equal(t, "descriptor", after, before)
	ok(t, b.Open(fds[1]))
	var got []byte
	readAll(t, b, &got)
	ok(t, a.Write([]byte("through"), func(error) { a.Close() }))
	run(t, l)
	equal(t, "received", string(got), "through")
}

// What a listening socket refuses is still the caller's, to close once.
func TestOpenWhileListening(t *testing.T) {
	l := newLoop(t)
	server, at := listen(t, l, func(*uv.TCP) {})
	fds, err := uv.Socketpair()
	ok(t, err)
	fails(t, server.Open(fds[0]), uv.EBUSY)
	ok(t, syscall.Close(fds[0]))
	ok(t, syscall.Close(fds[1]))
	still, err := server.Getsockname()
	ok(t, err)
	equal(t, "name", still, at)
}

func TestStreamErrors(t *testing.T) {
	l := newLoop(t)
	s := newTCP(t, l)
	fails(t, s.Open(1<<20), uv.EBADF)
	s.Close()
	_, err := s.TryWrite([]byte("x"))
	fails(t, err, uv.EBADF)
	_, err = s.Fileno()
	fails(t, err, uv.EBADF)
	_, err = s.BufferSize(true, 0)
	fails(t, err, uv.EBADF)
	_, err = s.Getsockname()
	fails(t, err, uv.EBADF)
	for name, err := range map[string]error{
		"write":    s.Write([]byte("x"), nil),
		"shutdown": s.Shutdown(nil),
		"listen":   s.Listen(1, nil),
		"accept":   s.Accept(&newTCP(t, l).Stream),
		"read":     s.ReadStart(nil),
		"stop":     s.ReadStop(),
		"bind":     s.Bind(loopback, uv.BindFlags{}),
		"connect":  s.Connect(loopback, nil),
		"open":     s.Open(0),
		"nodelay":  s.NoDelay(true),
	} {
		t.Run(name, func(t *testing.T) { fails(t, err, uv.EBADF) })
	}
}
