package bridge

import (
	"crypto/tls"
	"fmt"
	"math"

	"luv/lua"
)

// tlsOptions are a script's options, as they stand.
type tlsOptions struct {
	server     bool
	serverName string
	verify     verification
	ca         []string
	cert, key  []string
	password   string // of keys that are encrypted
	alpn       []string
	min, max   uint16
	clientAuth tls.ClientAuthType
	sessions   int // to be remembered; 0: none, and no tickets
	keylog     string
	check      int // the number of a function of the script's; 0: none
	choose     int
	lazy       bool // starttls does not wait for the handshake
}

// verification is how much of a server's certificate has to be right.
type verification int

const (
	verifyNothing verification = iota
	verifyChain                // all but the name
	verifyAll
)

var tlsVersions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

var clientAuths = map[string]tls.ClientAuthType{
	"none": tls.NoClientCert, "request": tls.RequestClientCert,
	"require": tls.RequireAnyClientCert, "verify": tls.RequireAndVerifyClientCert,
	"optional": tls.VerifyClientCertIfGiven,
}

// defaultSessions is how many sessions a client's config remembers.
const defaultSessions = 64

// optionReader reads the fields of argument i; what is not as it must be raises.
type optionReader struct {
	c      *lua.Call
	i      int
	fields map[any]any
}

func (r *optionReader) bad(name, text string) {
	r.c.Bad(r.i, fmt.Sprintf("field '%s': %s", name, text))
}

// take returns a field, which is read then.
func (r *optionReader) take(name string) any {
	v := r.fields[name]
	delete(r.fields, name)
	return v
}

func (r *optionReader) text(name string) string {
	v := r.take(name)
	s, ok := v.(string)
	if v != nil && (!ok || s == "") {
		r.bad(name, "string expected")
	}
	return s
}

func (r *optionReader) flag(name string, otherwise bool) bool {
	v := r.take(name)
	if v == nil {
		return otherwise
	}
	b, ok := v.(bool)
	if !ok {
		r.bad(name, "boolean expected")
	}
	return b
}

// list is a string, or a list of strings.
func (r *optionReader) list(name string) (all []string) {
	switch v := r.take(name).(type) {
	case nil:
	case string:
		all = []string{v}
	case map[any]any:
		all = []string{} // none is not the same as nothing said: as `ca` it trusts nobody
		for n := 1.0; n <= float64(len(v)); n++ {
			s, ok := v[n].(string)
			if !ok {
				r.bad(name, "string or list of strings expected")
			}
			all = append(all, s)
		}
	default:
		r.bad(name, "string or list of strings expected")
	}
	return all
}

func (r *optionReader) version(name string) uint16 {
	s := r.text(name)
	v, known := tlsVersions[s]
	if s != "" && !known {
		r.bad(name, `"1.0", "1.1", "1.2" or "1.3" expected`)
	}
	return v
}

func (r *optionReader) clientAuth() tls.ClientAuthType {
	s := r.text("client_auth")
	mode, known := clientAuths[s]
	if s != "" && !known {
		r.bad("client_auth", `"none", "request", "require", "optional" or "verify" expected`)
	}
	return mode
}

func (r *optionReader) sessions() int {
	switch v := r.take("session_cache").(type) {
	case nil:
	case bool:
		if !v {
			return 0
		}
	case float64:
		if v != math.Trunc(v) || v < 0 || v > 1<<20 {
			r.bad("session_cache", "number of sessions out of range")
		}
		return int(v)
	default:
		r.bad("session_cache", "boolean or number expected")
	}
	return defaultSessions
}

// verify is true but for the word false, and "chain".
func (r *optionReader) verify() verification {
	if s, ok := r.fields["verify"].(string); ok {
		if s != "chain" {
			r.bad("verify", `true, false or "chain" expected`)
		}
		delete(r.fields, "verify")
		return verifyChain
	}
	if r.flag("verify", true) {
		return verifyAll
	}
	return verifyNothing
}

// function is what tls_check.c has put there for one.
func (r *optionReader) function(name string) int {
	n, _ := r.take(name).(float64)
	return int(n)
}

// none raises for what is left over: a name misspelt must not be a check not made.
func (r *optionReader) none() {
	for name := range r.fields {
		r.c.Bad(r.i, fmt.Sprintf("unknown option '%v'", name))
	}
}

// tlsOptionsAt reads argument i. If it raises, the functions that C has lent are given back.
func tlsOptionsAt(c *lua.Call, i int) tlsOptions {
	r := &optionReader{c: c, i: i}
	if !c.Nil(i) {
		r.fields = c.Tree(i)
	}
	lent := []any{r.fields["check"], r.fields["choose"]}
	defer func() {
		if e := recover(); e != nil {
			for _, ref := range lent {
				if n, ok := ref.(float64); ok {
					lua.Unref(c.Loop(), int(n))
				}
			}
			panic(e)
		}
	}()
	return r.all()
}

func (r *optionReader) all() tlsOptions {
	o := tlsOptions{
		server: r.flag("server", false), serverName: r.text("server_name"), verify: r.verify(),
		ca: r.list("ca"), cert: r.list("cert"), key: r.list("key"), password: r.text("password"), alpn: r.list("alpn"),
		min: r.version("min_version"), max: r.version("max_version"), clientAuth: r.clientAuth(),
		sessions: r.sessions(), keylog: r.text("keylog"), check: r.function("check"), choose: r.function("choose"),
		lazy: !r.flag("handshake", true),
	}
	r.none()
	r.sense(&o)
	return o
}

// sense raises for options that cannot go together.
func (r *optionReader) sense(o *tlsOptions) {
	if len(o.cert) != len(o.key) {
		r.bad("key", fmt.Sprintf("%d for %d certificates", len(o.key), len(o.cert)))
	}
	if o.min == 0 {
		o.min = tls.VersionTLS12
		if o.max != 0 {
			o.min = min(o.min, o.max)
		}
	}
	if o.max != 0 && o.max < o.min {
		r.bad("max_version", "below min_version")
	}
	for _, p := range o.alpn {
		if p == "" || len(p) > 255 {
			r.bad("alpn", "protocols of 1 to 255 bytes expected")
		}
	}
	if o.server && len(o.cert) == 0 && o.choose == 0 {
		r.bad("cert", "a server needs one")
	}
}
