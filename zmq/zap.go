package zmq

import (
	"net/netip"

	"luv/uv"
)

// ZAPEndpoint is where libzmq asks about every connection of a context (RFC 27).
const ZAPEndpoint = "inproc://zeromq.zap.01"

// Rules say who may connect. What is nil, is not asked about.
type Rules struct {
	Allow, Deny []string          // addresses, or ranges such as 10.0.0.0/8
	Plain       map[string]string // passwords by user
	Curve       map[string]bool   // public keys, in Z85
	CurveAny    bool              // every key will do
	Handler     bool              // a function has the last word, also without lists
}

// A Request is what libzmq asks.
type Request struct {
	Domain, Address, Identity, Mechanism string
	Credentials                          []string
}

// Decide returns a status code and text as ZAP has them, and who the user is. What has no
// rule of its own is left to the function, and refused when there is none.
func (r *Rules) Decide(q Request) (code, text, user string) {
	if matches(r.Deny, q.Address) {
		return "400", "address is denied", ""
	}
	if r.Allow != nil && !matches(r.Allow, q.Address) {
		return "400", "address is not allowed", ""
	}
	switch q.Mechanism {
	case "NULL":
		return "200", "OK", ""
	case "PLAIN":
		return r.plain(q.Credentials)
	case "CURVE":
		return r.curve(q.Credentials)
	}
	return r.unasked("mechanism is not supported", "")
}

func (r *Rules) unasked(text, user string) (string, string, string) {
	if r.Handler {
		return "200", "OK", user
	}
	return "400", text, ""
}

func (r *Rules) plain(credentials []string) (code, text, user string) {
	if len(credentials) != 2 {
		return "400", "no user and password", ""
	}
	if r.Plain == nil {
		return r.unasked("no users are known", credentials[0])
	}
	if password, known := r.Plain[credentials[0]]; known && password == credentials[1] {
		return "200", "OK", credentials[0]
	}
	return "400", "wrong user or password", ""
}

func (r *Rules) curve(credentials []string) (code, text, user string) {
	if len(credentials) != 1 || len(credentials[0]) != 32 {
		return "400", "no key", ""
	}
	key, _ := Encode(credentials[0])
	switch {
	case r.CurveAny || r.Curve[key]:
		return "200", "OK", key
	case r.Curve == nil:
		return r.unasked("no keys are known", key)
	}
	return "400", "unknown key", ""
}

// matches reports whether the address is in the list, by itself or in a range.
func matches(list []string, address string) bool {
	ip, err := netip.ParseAddr(address)
	for _, entry := range list {
		if entry == address {
			return true
		}
		if err != nil {
			continue
		}
		if prefix, e := netip.ParsePrefix(entry); e == nil && prefix.Contains(ip.Unmap()) {
			return true
		}
		if other, e := netip.ParseAddr(entry); e == nil && other.Unmap() == ip.Unmap() {
			return true
		}
	}
	return false
}

// ValidAddress reports whether an entry of Allow or Deny can match anything: libzmq says
// the address of a peer as a number, never as a name.
func ValidAddress(entry string) bool {
	if _, err := netip.ParsePrefix(entry); err == nil {
		return true
	}
	_, err := netip.ParseAddr(entry)
	return err == nil
}

// Authorize gives the context rules, or new ones in place of those it has, and returns the
// ROUTER socket, in the state whose loop this is, where libzmq asks.
func (c *Context) Authorize(l *uv.Loop, r *Rules) (*Socket, error) {
	c.mu.Lock()
	old := c.router
	c.mu.Unlock()
	if old != nil && old.open() {
		if !old.of(l) {
			return nil, uv.EADDRINUSE // another thread answers already
		}
		old.Unbind(ZAPEndpoint) // at once: closing takes its time
		old.Close()
	}
	s, err := c.NewSocket(l, routerType)
	if err != nil {
		return nil, err
	}
	if err := s.Bind(ZAPEndpoint); err != nil {
		s.Close()
		return nil, err
	}
	c.mu.Lock()
	c.router, c.rules = s, r
	c.mu.Unlock()
	return s, nil
}

// Decide answers a request by the rules of the context.
func (c *Context) Decide(q Request) (code, text, user string) {
	c.mu.Lock()
	r := c.rules
	c.mu.Unlock()
	if r == nil {
		r = &Rules{}
	}
	return r.Decide(q)
}
