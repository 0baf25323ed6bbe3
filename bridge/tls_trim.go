package bridge

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"sync"
	"unsafe"
)

// tls_trim.go - memory that a tls.Conn keeps though nothing is in it: the buffer of its input, which
// has grown to the largest record, and that of the handshake. crypto/tls has no way to ask for it,
// so it is taken by its place, which is looked up by name; a test fails when it is not there. Then
// nothing is trimmed, and all else works.

// tlsBuffers are the places of a tls.Conn's buffers.
type tlsBuffers struct {
	rawInput, input, hand uintptr
	known                 bool
}

var buffersOfTLS = sync.OnceValue(func() (b tlsBuffers) {
	conn := reflect.TypeFor[tls.Conn]()
	raw, ok1 := conn.FieldByName("rawInput")
	input, ok2 := conn.FieldByName("input")
	hand, ok3 := conn.FieldByName("hand")
	b = tlsBuffers{rawInput: raw.Offset, input: input.Offset, hand: hand.Offset}
	b.known = ok1 && ok2 && ok3 && raw.Type == reflect.TypeFor[bytes.Buffer]() &&
		input.Type == reflect.TypeFor[bytes.Reader]() && hand.Type == reflect.TypeFor[bytes.Buffer]()
	return b
})

// smallInput is what an idle connection may keep of its input's buffer.
const smallInput = 1024

// spareInputs are buffers that have grown.
var spareInputs sync.Pool

func (t *tlsConn) field(offset uintptr) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(t.conn), offset)
}

// trimHandshake lets go of what the handshake has left.
func (t *tlsConn) trimHandshake() {
	b := buffersOfTLS()
	if !b.known {
		return
	}
	if hand := (*bytes.Buffer)(t.field(b.hand)); hand.Len() == 0 {
		*hand = bytes.Buffer{}
	}
	t.trimInput()
}

// trimInput lets go of a buffer that has grown, if nothing is in it: the next one gets it.
func (t *tlsConn) trimInput() {
	b := buffersOfTLS()
	if !b.known {
		return
	}
	raw, input := (*bytes.Buffer)(t.field(b.rawInput)), (*bytes.Reader)(t.field(b.input))
	if raw.Cap() <= smallInput || raw.Len() > 0 || input.Len() > 0 {
		return
	}
	spare := *raw
	spare.Reset()
	spareInputs.Put(&spare)
	*raw = bytes.Buffer{}
	input.Reset(nil)
}

// growInput takes such a buffer for n bytes that are about to be read.
func (t *tlsConn) growInput(n int) {
	b := buffersOfTLS()
	if !b.known || n <= smallInput {
		return
	}
	raw := (*bytes.Buffer)(t.field(b.rawInput))
	if raw.Cap() > smallInput || raw.Len() > 0 {
		return
	}
	if spare, ok := spareInputs.Get().(*bytes.Buffer); ok {
		*raw = *spare
	}
}
