package bridge

import (
	"encoding/base64"
	"strings"

	"luv/lua"
	"luv/uv"
)

// base64.go - luv.base64: bytes as text (RFC 4648).

// alphabet is the one that argument i names: "standard", which is nil's, or "url".
func alphabet(c *lua.Call, i int) *base64.Encoding {
	switch c.OptString(i, "standard") {
	case "standard":
		return base64.StdEncoding
	case "url":
		return base64.URLEncoding
	}
	c.Bad(i, "\"standard\" or \"url\" expected")
	return nil
}

// text = luv.base64.encode(data[, "standard"|"url"])
func base64Encode(c *lua.Call) {
	data, a := c.String(1), alphabet(c, 2)
	if a == base64.URLEncoding {
		a = base64.RawURLEncoding
	}
	c.Return(a.EncodeToString([]byte(data)))
}

// data = luv.base64.decode(text[, "standard"|"url"]): the padding may be missing
func base64Decode(c *lua.Call) {
	text, a := c.String(1), alphabet(c, 2)
	text = strings.NewReplacer("\n", "", "\r", "").Replace(text)
	data, err := a.WithPadding(base64.NoPadding).Strict().DecodeString(unpadded(text))
	if err != nil {
		c.Fail(uv.EINVAL, "not base64")
		return
	}
	c.Return(string(data))
}

// unpadded is text without its padding, if that is as long as it has to be.
func unpadded(text string) string {
	if len(text)%4 != 0 {
		return text
	}
	bare := strings.TrimRight(text, "=")
	if len(text)-len(bare) > 2 {
		return text
	}
	return bare
}

func init() {
	lua.Register(lua.Module{Name: "luv.base64", Funcs: []lua.Func{
		{Name: "encode", Args: 2, Go: base64Encode},
		{Name: "decode", Args: 2, Go: base64Decode},
	}})
}
