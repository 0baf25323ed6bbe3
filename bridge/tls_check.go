package bridge

import (
	"crypto/tls"
	"crypto/x509"
	"sync"

	"luv/lua"
	"luv/uv"
)

// tls_check.go - what a script has to say in a handshake, in a fiber of its own, while that waits: a
// look at the peer (check), and which config a client is served by (choose).

// luaFunction is a function of a script's, by the number that tls_check.c has given it.
type luaFunction struct {
	loop *uv.Loop
	ref  int
}

func (f *luaFunction) unref() { lua.Unref(f.loop, f.ref) }

// verdict is what a question has come to.
type verdict struct {
	yes    bool
	why    string
	config *tls.Config // that was chosen
}

// question is one that a connection's handshake waits for.
type question struct {
	conn   *tlsConn
	answer chan verdict
}

// checks are those that have not come to a verdict, by number.
var checks struct {
	sync.Mutex
	last    int
	waiting map[int]question
}

func beginCheck(t *tlsConn) (int, chan verdict) {
	checks.Lock()
	defer checks.Unlock()
	if checks.waiting == nil {
		checks.waiting = map[int]question{}
	}
	checks.last++
	answer := make(chan verdict, 1)
	checks.waiting[checks.last] = question{t, answer}
	return checks.last, answer
}

// takeCheck returns a question, if somebody waits for its answer.
func takeCheck(id int) question {
	checks.Lock()
	defer checks.Unlock()
	q := checks.waiting[id]
	delete(checks.waiting, id)
	return q
}

// endCheck gives the verdict.
func endCheck(id int, v verdict) {
	if q := takeCheck(id); q.conn != nil {
		q.answer <- v
	}
}

// luv.tls.__checked(id, yes, why, config): what a function has returned, for tls_check.c
func tlsChecked(c *lua.Call) {
	q := takeCheck(int(c.Number(1)))
	if q.conn == nil {
		return
	}
	v := verdict{yes: c.Bool(2)}
	v.why, _ = c.Scalar(3).(string)
	if !c.Nil(4) {
		v.config, v.why = q.conn.serveBy(c)
	}
	q.answer <- v
}

// serveBy has the connection served by the config that argument 4 is.
func (t *tlsConn) serveBy(c *lua.Call) (cfg *tls.Config, why string) {
	defer func() {
		if e := recover(); e != nil {
			why = "the choose function has returned something else than a config"
		}
	}()
	config, open := c.Value(4, tlsConfigClass).(*tlsConfig)
	if !open {
		return nil, "the choose function has returned a config that is closed"
	}
	was := t.config
	t.config = config.hold()
	was.Drop()
	return config.of(t, ""), ""
}

// ask has a function of the script's called, on the loop's thread, and waits for what it says.
func (t *tlsConn) ask(call func(id int) bool) (verdict, error) {
	id, answer := beginCheck(t)
	t.setCheck(id)
	posted := t.loop.Post(func() {
		if t.object().Closed() || !call(id) {
			endCheck(id, verdict{why: "the connection is closed"})
		}
	})
	if !posted {
		return verdict{}, uv.ECANCELED
	}
	leave()
	v := <-answer
	enter()
	return v, nil
}

// chooseConfig is tls.Config's GetConfigForClient. nil: the config that is there.
func (t *tlsConn) chooseConfig(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	v, err := t.ask(func(id int) bool {
		return lua.SpawnCheck(t.loop, t.config.choose.ref, id, helloTable(hello))
	})
	if err == nil && v.why != "" {
		err = &tlsError{uv.ETLS, v.why}
	}
	return v.config, err
}

func helloTable(hello *tls.ClientHelloInfo) lua.Table {
	alpn := lua.List{}
	for _, p := range hello.SupportedProtos {
		alpn = append(alpn, p)
	}
	table := lua.Table{{Key: "alpn", Value: alpn}}
	if hello.ServerName != "" {
		table = append(table, lua.Pair{Key: "server_name", Value: hello.ServerName})
	}
	return table
}

// verifyPeer is tls.Config's VerifyConnection: what is left of verifying, and the script's function.
func (t *tlsConn) verifyPeer(s tls.ConnectionState) error {
	if t.client && t.config.options.verify == verifyChain {
		if err := verifyCertificates(s.PeerCertificates, x509.VerifyOptions{Roots: t.config.authorities()}); err != nil {
			return err
		}
	}
	if t.config.check == nil {
		return nil
	}
	return t.checkPeer(s)
}

// checkPeer waits for the script's function.
func (t *tlsConn) checkPeer(s tls.ConnectionState) error {
	v, err := t.ask(func(id int) bool {
		return lua.SpawnCheck(t.loop, t.config.check.ref, id, chainTable(&s), infoTable(&s))
	})
	if err != nil || v.yes {
		return err
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
