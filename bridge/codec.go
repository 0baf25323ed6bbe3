package bridge

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"

	"luv/csrc/core"
	"luv/lua"
)

// codec.go - luv.codec: the work is done in csrc/codec_*.c. Here is the seal of messages with
// functions, which nobody outside this process can make: the key is random and never leaves it.

var sealKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return key
})

// seal writes the HMAC-SHA256 of data to mac.
func seal(data, mac []byte) {
	h := hmac.New(sha256.New, sealKey())
	h.Write(data)
	h.Sum(mac[:0])
}

func init() {
	core.Seal = seal
	lua.Register(lua.Module{Name: "luv.codec", Funcs: []lua.Func{
		{Name: "encode", Args: lua.Many, Face: "codec_encode"},
		{Name: "decode", Args: 2, Face: "codec_decode"},
	}})
}
