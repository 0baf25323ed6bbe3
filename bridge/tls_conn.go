package bridge

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"

	"luv/lua"
	"luv/uv"
)

var tlsClass = lua.NewClass("luv.tls")

// tlsConn is what Go keeps of a stream of TLS: the tls.Conn, which is the handshake's goroutine's
// until that is over, and the loop's from then on.
type tlsConn struct {
	memory
	loop   *uv.Loop
	obj    *uv.TLS
	config *tlsConfig
	conn   *tls.Conn
	client bool
	ready  bool
	err    error // what the handshake, or a record, has failed with

	checking int // the number of the check that the handshake waits for
}

// newTLSConn makes one, which has the config from then on. A client's peer is to prove that it is server name.
func newTLSConn(loop *uv.Loop, config *tlsConfig, client bool, name string) *tlsConn {
	t := &tlsConn{loop: loop, config: config, client: client}
	t.init(func() { loop.Post(func() { t.object().Stirred() }) })
	cfg := config.of(t, name)
	if client {
		t.conn = tls.Client(&t.memory, cfg)
	} else {
		t.conn = tls.Server(&t.memory, cfg)
	}
	return t
}

// object is what stands for it in C; a closed one when that is gone.
func (t *tlsConn) object() *uv.TLS {
	if t.obj == nil {
		return new(uv.TLS)
	}
	return t.obj
}

// shake carries out the handshake, on a goroutine.
func (t *tlsConn) shake() (err error) {
	enter()
	defer leave()
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("internal error: %v", e)
		}
	}()
	return t.conn.Handshake()
}

// begin is the handshake of a stream whose fibers wait in C.
func (t *tlsConn) begin() {
	go func() {
		err := t.shake()
		t.loop.Post(func() { t.shaken(err) })
	}()
}

// shaken is its end, on the loop's thread.
func (t *tlsConn) shaken(err error) {
	t.shaking = false
	if err != nil {
		t.err = t.describe(err)
		t.object().Shaken(errorCode(t.err))
		return
	}
	t.ready = true
	t.trimHandshake()
	t.object().Shaken(0)
}

// perform is the work of a call that waits for a handshake, and results in the stream.
func (t *tlsConn) perform(ctx context.Context) func(bool) []any {
	stop := context.AfterFunc(ctx, func() { t.abandon() })
	err := t.shake()
	stop()
	return func(wanted bool) []any {
		t.shaken(err)
		if t.err == nil && wanted && !t.object().Closed() {
			return []any{lua.Object{Class: tlsClass, Pointer: t.obj.Object()}}
		}
		t.drop()
		if t.err == nil {
			t.err = uv.ECANCELED
		}
		return lua.Failure(t.err)
	}
}

// drop closes it, though it may have no object.
func (t *tlsConn) drop() {
	if t.obj == nil {
		t.Release(0)
	}
	t.object().Close()
}

// Release implements core.Releaser: the object is gone.
func (t *tlsConn) Release(int) {
	t.object().Forget()
	t.abandon()
	t.config.Drop()
}

// Record implements core.Recorder. A panic ends the connection, not the host.
func (t *tlsConn) Record(what, status int, in, to []byte) (result, done, pending int) {
	defer func() {
		if e := recover(); e != nil {
			t.err = &tlsError{uv.ETLS, fmt.Sprint("internal error: ", e)}
			result, done = int(uv.ETLS), 0
		}
	}()
	switch what {
	case uv.TLSOpen:
		return t.open(in, to)
	case uv.TLSSeal:
		t.sealed = to[:0]
		_, err := t.conn.Write(in)
		return t.sent(err)
	case uv.TLSNotify:
		t.sealed = to[:0]
		return t.sent(t.conn.CloseWrite())
	case uv.TLSFlush:
		done, pending = t.flush(to)
		return 0, done, pending
	case uv.TLSClose:
		return t.close(to)
	case uv.TLSWhy:
		if t.err != nil {
			done = copy(to, errorText(t.err))
		}
	case uv.TLSStart:
		t.begin()
	case uv.TLSEnded:
		t.finish(endOf(uv.Errno(status)))
	}
	return 0, done, 0
}

// open opens the records that are complete.
func (t *tlsConn) open(in, to []byte) (result, done, pending int) {
	if !t.ready {
		if t.feed(in) {
			return uv.TLSFull, 0, 0
		}
		return 0, 0, 0
	}
	if len(t.in) > 0 {
		in = append(t.in, in...)
	}
	t.in = in
	t.growInput(len(in))
	result, done = t.drain(to)
	t.trimInput()
	if len(t.in) > 0 { // it is C's
		t.in = append([]byte(nil), t.in...)
	} else {
		t.in = nil
	}
	return result, done, len(t.out)
}

func (t *tlsConn) drain(to []byte) (result, done int) {
	for done < len(to) {
		n, err := t.conn.Read(to[done:])
		done += n
		switch {
		case err == nil:
		case err == errAgain:
			return 0, done
		case err == io.EOF:
			return uv.TLSLast, done
		default:
			t.err = t.describe(err)
			return int(errorCode(t.err)), done
		}
	}
	return uv.TLSMore, done
}

// sent is how a call ends that has sealed something.
func (t *tlsConn) sent(err error) (result, done, pending int) {
	done, t.sealed = len(t.sealed), nil
	if err != nil {
		if t.err == nil {
			t.err = t.describe(err)
		}
		result = int(errorCode(t.err))
	}
	return result, done, len(t.out)
}

func (t *tlsConn) close(to []byte) (result, done, pending int) {
	if !t.ready {
		t.abandon()
		return 0, 0, 0
	}
	t.sealed = to[:0]
	t.conn.CloseWrite()
	_, done, _ = t.sent(nil)
	return 0, done, 0
}
