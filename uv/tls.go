package uv

// #include "tls.h"
import "C"

import (
	"unsafe"

	"luv/csrc/core"
)

// A TLS is a stream of TLS over another stream, which it has taken. The records are opened and
// sealed by the Go value that it is made with, a core.Recorder.
type TLS struct{ Handle }

// What a core.Recorder is asked for, and how it answers: csrc/core/luv.h.
const (
	TLSStart  = C.LUV_TLS_START
	TLSOpen   = C.LUV_TLS_OPEN
	TLSEnded  = C.LUV_TLS_ENDED
	TLSSeal   = C.LUV_TLS_SEAL
	TLSNotify = C.LUV_TLS_NOTIFY
	TLSFlush  = C.LUV_TLS_FLUSH
	TLSClose  = C.LUV_TLS_CLOSE
	TLSWhy    = C.LUV_TLS_WHY
	TLSMore   = C.LUV_TLS_MORE
	TLSFull   = C.LUV_TLS_FULL
	TLSLast   = C.LUV_TLS_LAST
)

// The errors of TLS.
const (
	ECERT      Errno = C.LUV_ECERT
	ETLS       Errno = C.LUV_ETLS
	ETRUNCATED Errno = C.LUV_ETRUNCATED
)

// TLSOver makes one of the stream behind an object of package lua, which is closed to scripts from
// then on; its object is theirs no more.
func TLSOver(under uintptr, conn core.Recorder) (*TLS, error) {
	s := (*C.luv_stream)(unsafe.Pointer(object(under)))
	if s == nil {
		return nil, EBADF
	}
	if err := check(C.luv__tls_possible(s)); err != nil {
		return nil, err
	}
	o := C.luv__tls_new(s)
	if o == nil {
		return nil, ENOMEM
	}
	return TLSMade(uintptr(unsafe.Pointer(o)), conn), nil
}

// TLSMade gives one that a listener has accepted its Go value.
func TLSMade(obj uintptr, conn core.Recorder) *TLS {
	t := TLSOf(obj)
	t.o.slot = C.uint64_t(core.Take(conn))
	return t
}

// TLSOf returns the stream behind an object of package lua.
func TLSOf(obj uintptr) *TLS { return &TLS{Handle{o: object(obj)}} }

// Value returns the Go value that it was made with; nil when it is closed.
func (t *TLS) Value() any {
	if !t.open() {
		return nil
	}
	return core.Get(uint64(t.o.slot))
}

// Forget is called when the object is gone: every method finds it closed from then on.
func (t *TLS) Forget() {
	if t.o != nil {
		core.Give(uint64(t.o.slot))
		t.o = nil
	}
}

// Fresh reports whether the handshake has not begun.
func (t *TLS) Fresh() bool { return t.open() && C.luv__tls_is_fresh(t.o) != 0 }

// Started says that the handshake has begun: what the peer sends comes from now on.
func (t *TLS) Started() {
	if t.open() {
		C.luv__tls_started(t.o)
	}
}

// Stirred says that there is something to send, or room for more of what the peer sends.
func (t *TLS) Stirred() {
	if t.open() {
		C.luv__tls_stirred(t.o)
	}
}

// Shaken says that the handshake is over; err is 0 when it has succeeded.
func (t *TLS) Shaken(err Errno) {
	if t.open() {
		C.luv__tls_shaken(t.o, C.int(err))
	}
}

// Base returns the object of the stream that has the descriptor; 0 when it is closed.
func (t *TLS) Base() uintptr {
	if !t.open() {
		return 0
	}
	return uintptr(unsafe.Pointer(C.luv__tls_base(t.o)))
}

// A Slot is the number of a value that C knows.
type Slot uint64

// Give ends that.
func (s Slot) Give() { core.Give(uint64(s)) }

// ListenTLS has what the listening socket accepts made streams of TLS, by the value, which is
// released when the socket is gone.
func (s *Stream) ListenTLS(listener core.TLSListener) Slot {
	slot := core.Take(listener)
	s.o.slot = C.uint64_t(slot)
	C.luv__tls_listens((*C.luv_stream)(unsafe.Pointer(s.o)))
	return Slot(slot)
}

// Start begins the handshake, if that has not been done.
func (t *TLS) Start() {
	if t.Fresh() {
		C.luv__tls_start_fresh(t.o)
	}
}
