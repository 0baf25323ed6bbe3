package bridge

import (
	"encoding/hex"

	"luv/lua"
	"luv/uv"
)

// hex.go - luv.hex: bytes as two digits each.

// text = luv.hex.encode(data)
func hexEncode(c *lua.Call) {
	c.Return(hex.EncodeToString([]byte(c.String(1))))
}

// data = luv.hex.decode(text)
func hexDecode(c *lua.Call) {
	data, err := hex.DecodeString(c.String(1))
	if err != nil {
		c.Fail(uv.EINVAL, "not hexadecimal")
		return
	}
	c.Return(string(data))
}

func init() {
	lua.Register(lua.Module{Name: "luv.hex", Funcs: []lua.Func{
		{Name: "encode", Args: 1, Go: hexEncode},
		{Name: "decode", Args: 1, Go: hexDecode},
	}})
}
