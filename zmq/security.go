package zmq

// #include <stdlib.h>
// #include <zmq.h>
import "C"

import (
	"strings"
	"unsafe"

	"github.com/pebbe/zmq4"
)

// Has reports whether this libzmq can do something: "ipc", "curve", "draft", ...
func Has(capability string) bool {
	s := C.CString(strings.ToLower(capability))
	defer C.free(unsafe.Pointer(s))
	return C.zmq_has(s) == 1
}

// Keypair returns a new pair of keys for CURVE in Z85, the public one first.
func Keypair() (public, secret string, err error) {
	public, secret, err = zmq4.NewCurveKeypair()
	return public, secret, fail(err)
}

// Public returns the public key that belongs to a secret one, both in Z85.
func Public(secret string) (string, error) {
	public, err := zmq4.AuthCurvePublic(secret)
	return public, fail(err)
}

const z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// Encode returns the Z85 of data, whose length must be a multiple of 4.
func Encode(data string) (string, bool) {
	if len(data)%4 != 0 {
		return "", false
	}
	if data == "" {
		return "", true
	}
	return zmq4.Z85encode(data), true
}

// Decode undoes Encode. The length must be a multiple of 5, and every 5 characters must
// stand for a number of 32 bits: libzmq itself takes nonsense for data.
func Decode(text string) (string, bool) {
	if len(text)%5 != 0 {
		return "", false
	}
	for i := 0; i < len(text); i += 5 {
		n := uint64(0)
		for _, c := range []byte(text[i : i+5]) {
			digit := strings.IndexByte(z85, c)
			if digit < 0 {
				return "", false
			}
			n = n*85 + uint64(digit)
		}
		if n >= 1<<32 {
			return "", false
		}
	}
	if text == "" {
		return "", true
	}
	return zmq4.Z85decode(text), true
}
