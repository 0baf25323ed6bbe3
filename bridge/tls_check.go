package bridge

import (
	"crypto/tls"
	"sync"

	"luv/lua"
	"luv/uv"
)

// tls_check.go - a script's own look at the peer, in a fiber of its own: the handshake waits.

// luaFunction is a function of a script's, by the number that tls_check.c has given it.
type luaFunction struct {
	loop *uv.Loop
	ref  int
}

func (f *luaFunction) unref() { lua.Unref(f.loop, f.ref) }

// verdict is what a check has come to.
type verdict struct {
	yes bool
	why string
}

// checks are those that have not come to one, by number.
var checks struct {
	sync.Mutex
	last    int
	waiting map[int]chan verdict
}

func beginCheck() (int, chan verdict) {
	checks.Lock()
	defer checks.Unlock()
	if checks.waiting == nil {
		checks.waiting = map[int]chan verdict{}
	}
	checks.last++
	answer := make(chan verdict, 1)
	checks.waiting[checks.last] = answer
	return checks.last, answer
}

// endCheck gives the verdict, if somebody waits for it.
func endCheck(id int, v verdict) {
	checks.Lock()
	defer checks.Unlock()
	if answer := checks.waiting[id]; answer != nil {
		delete(checks.waiting, id)
		answer <- v
	}
}

// luv.tls.__checked(id, yes, why): the end of a check, for tls_check.c
func tlsChecked(c *lua.Call) {
	v := verdict{yes: c.Bool(2)}
	v.why, _ = c.Scalar(3).(string)
	endCheck(int(c.Number(1)), v)
}

// checkPeer is tls.Config's VerifyConnection: it waits for the script's function.
func (t *tlsConn) checkPeer(s tls.ConnectionState) error {
	id, answer := beginCheck()
	t.setCheck(id)
	posted := t.loop.Post(func() {
		if t.object().Closed() || !lua.SpawnCheck(t.loop, t.config.check.ref, id, chainTable(&s), infoTable(&s)) {
			endCheck(id, verdict{why: "the connection is closed"})
		}
	})
	if !posted {
		return uv.ECANCELED
	}
	leave()
	v := <-answer
	enter()
	if v.yes {
		return nil
	}
	subject := ""
	if len(s.PeerCertificates) > 0 {
		subject = " " + subjectText(s.PeerCertificates[0])
	}
	return certError("the %s's certificate%s: %s", t.peer(), subject, orText(v.why, "refused by the check function"))
}

func (t *tlsConn) setCheck(id int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.checking = id
}

// abandon ends the handshake, whatever it waits for.
func (t *tlsConn) abandon() {
	t.finish(uv.ECANCELED)
	t.mu.Lock()
	id := t.checking
	t.mu.Unlock()
	endCheck(id, verdict{why: "given up"})
}
