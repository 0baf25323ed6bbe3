package bridge

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"

	"luv/lua"
)

// hash.go - luv.hash: digests, and with a key HMACs. Go's libraries compute them.

var hashClass = lua.NewClass("luv.hash")

var hashes = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
	"sha512/256": sha512.New512_256,
	"sha3-256":   func() hash.Hash { return sha3.New256() },
	"sha3-384":   func() hash.Hash { return sha3.New384() },
	"sha3-512":   func() hash.Hash { return sha3.New512() },
}

// h = luv.hash(name[, key])
func hashCreate(c *lua.Call) {
	create, known := hashes[c.String(1)]
	if !known {
		c.Bad(1, "unknown hash '"+c.String(1)+"'")
	}
	h := create()
	if !c.Nil(2) {
		h = hmac.New(create, []byte(c.String(2)))
	}
	o, ok := c.NewObject(hashClass, h)
	if !ok {
		c.Raise("not enough memory")
		return
	}
	c.Return(o)
}

// h = h:update(data, ...)
func hashUpdate(c *lua.Call) {
	for i := 2; i <= c.Count(); i++ {
		c.String(i)
	}
	h := c.Value(1, hashClass).(hash.Hash)
	for i := 2; i <= c.Count(); i++ {
		h.Write([]byte(c.String(i)))
	}
	c.Self()
}

// bytes = h:digest(): of all that it has been given so far
func hashDigest(c *lua.Call) {
	c.Return(string(c.Value(1, hashClass).(hash.Hash).Sum(nil)))
}

func init() {
	lua.DefineClass(lua.ClassDef{Name: "luv.hash", Plain: true, Methods: []lua.Func{
		{Name: "update", Args: lua.Many, Go: hashUpdate},
		{Name: "digest", Go: hashDigest},
	}})
}
