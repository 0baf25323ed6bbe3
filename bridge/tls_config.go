package bridge

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"os"
	"runtime/debug"
	"sync"

	"luv/lua"
	"luv/uv"
)

// tlsConfig is what a script's options come to: a tls.Config, made anew by reload.
type tlsConfig struct {
	options tlsOptions
	check   *luaFunction // nil: none
	choose  *luaFunction
	cache   tls.ClientSessionCache
	keylog  *os.File
	holders int        // of the loop's thread: connections, listeners, the script's object
	parent  *tlsConfig // nil: its own functions and files are its own

	mu     sync.Mutex
	base   *tls.Config
	byName map[string]*tls.Config // for clients
}

// maxNames is how many servers' names are remembered with a config of their own.
const maxNames = 64

// collect has Go's heap collected earlier than luv.go does, once there is TLS: it is not small any more.
var collect = sync.OnceFunc(func() { debug.SetGCPercent(200) })

// newTLSConfig reads what the options name. It is called on the loop's thread.
func newTLSConfig(o tlsOptions) (*tlsConfig, error) {
	collect()
	t := &tlsConfig{options: o, holders: 1}
	if o.sessions > 0 {
		t.cache = tls.NewLRUClientSessionCache(o.sessions)
	}
	if o.keylog != "" {
		f, err := os.OpenFile(o.keylog, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return t, fileError(o.keylog, err)
		}
		t.keylog = f
	}
	return t, t.load()
}

func (t *tlsConfig) hold() *tlsConfig {
	t.holders++
	return t
}

// Drop says that somebody does not need it any more: the script's object, by package lua.
func (t *tlsConfig) Drop() {
	t.holders--
	if t.holders > 0 {
		return
	}
	if t.parent != nil {
		t.parent.Drop()
		return
	}
	for _, f := range []*luaFunction{t.check, t.choose} {
		if f != nil {
			f.unref()
		}
	}
	if t.keylog != nil {
		t.keylog.Close()
	}
}

// load makes the tls.Config; after an error the one that there was stays.
func (t *tlsConfig) load() error {
	o := &t.options
	cfg := &tls.Config{
		MinVersion: o.min, MaxVersion: o.max, NextProtos: o.alpn, ClientAuth: o.clientAuth,
		ServerName: o.serverName, InsecureSkipVerify: o.verify != verifyAll,
		ClientSessionCache:     t.cache,
		SessionTicketsDisabled: o.sessions == 0, DynamicRecordSizingDisabled: true,
	}
	if t.keylog != nil {
		cfg.KeyLogWriter = t.keylog
	}
	var err error
	var authorities []byte
	if cfg.RootCAs, authorities, err = loadAuthorities(o.ca); err != nil {
		return err
	}
	cfg.ClientCAs = cfg.RootCAs
	if cfg.Certificates, err = loadPairs(o.cert, o.key, o.password); err != nil {
		return err
	}
	if !cfg.SessionTicketsDisabled {
		cfg.SetSessionTicketKeys(ticketKeys(o, authorities))
	}
	t.mu.Lock()
	t.base, t.byName = cfg, nil
	t.mu.Unlock()
	return nil
}

// of returns the tls.Config for a connection.
func (t *tlsConfig) of(c *tlsConn, name string) *tls.Config {
	t.mu.Lock()
	defer t.mu.Unlock()
	cfg := t.base
	if c.client && name != "" && name != cfg.ServerName {
		cfg = t.named(name)
	}
	chain := c.client && t.options.verify == verifyChain
	if t.check == nil && t.choose == nil && !chain {
		return cfg
	}
	cfg = cfg.Clone()
	if t.check != nil || chain {
		cfg.VerifyConnection = c.verifyPeer
	}
	if t.choose != nil {
		cfg.GetConfigForClient = c.chooseConfig
	}
	return cfg
}

func (t *tlsConfig) named(name string) *tls.Config {
	if cfg := t.byName[name]; cfg != nil {
		return cfg
	}
	cfg := t.base.Clone()
	cfg.ServerName = name
	if t.byName == nil || len(t.byName) >= maxNames {
		t.byName = map[string]*tls.Config{}
	}
	t.byName[name] = cfg
	return cfg
}

// secret is what this process's session tickets are sealed with, whichever state gives them out.
var secret = sync.OnceValue(func() []byte {
	key := make([]byte, 32)
	rand.Read(key)
	return key
})

// ticketKeys belong to what a session has been admitted by: whoever asks for more, or trusts
// others, does not take its tickets.
func ticketKeys(o *tlsOptions, authorities []byte) [][32]byte {
	h := hmac.New(sha256.New, secret())
	h.Write([]byte{byte(o.clientAuth), byte(o.min), byte(o.max), byte(min(o.check, 1)), byte(min(o.choose, 1))})
	h.Write(authorities)
	return [][32]byte{[32]byte(h.Sum(nil))}
}

// withName is the config of clients of another server, which shares all else.
func (t *tlsConfig) withName(name string) *tlsConfig {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := &tlsConfig{options: t.options, check: t.check, choose: t.choose, cache: t.cache, keylog: t.keylog,
		parent: t.hold(), holders: 1, base: t.base.Clone()}
	n.options.serverName, n.base.ServerName = name, name
	return n
}

var tlsConfigClass = lua.NewClass("luv.tls.config")

// config = luv.tls.config(opts)
func tlsConfigCreate(c *lua.Call) {
	config, err := tlsConfigAt(c, 1)
	if err != nil {
		c.Fail(err)
		return
	}
	returnConfig(c, config)
}

func returnConfig(c *lua.Call, config *tlsConfig) {
	o, ok := c.NewObject(tlsConfigClass, config)
	if !ok {
		c.Raise("not enough memory")
		return
	}
	c.Return(o)
}

// tlsConfigAt returns the config that argument i is, or describes; it is held.
func tlsConfigAt(c *lua.Call, i int) (*tlsConfig, error) {
	if c.Scalar(i) != nil {
		c.Bad(i, "table or luv.tls.config expected")
	}
	if !c.Nil(i) && !c.IsTable(i) {
		config, open := c.Value(i, tlsConfigClass).(*tlsConfig)
		if !open {
			return nil, uv.EBADF
		}
		return config.hold(), nil
	}
	o := tlsOptionsAt(c, i)
	config, err := newTLSConfig(o)
	if o.check != 0 {
		config.check = &luaFunction{c.Loop(), o.check}
	}
	if o.choose != 0 {
		config.choose = &luaFunction{c.Loop(), o.choose}
	}
	if err != nil {
		config.Drop()
	}
	return config, err
}

// config = config:reload()
func tlsConfigReload(c *lua.Call) {
	config, open := c.Value(1, tlsConfigClass).(*tlsConfig)
	if !open {
		c.Fail(uv.EBADF)
		return
	}
	c.Done(config.load())
}

// config = config:named(server_name)
func tlsConfigNamed(c *lua.Call) {
	config, open := c.Value(1, tlsConfigClass).(*tlsConfig)
	name := c.String(2)
	if name == "" {
		c.Bad(2, "name expected")
	}
	if !open {
		c.Fail(uv.EBADF)
		return
	}
	returnConfig(c, config.withName(name))
}
