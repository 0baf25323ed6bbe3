package zmq

import "testing"

func TestRules(t *testing.T) {
	key := "\x01\x02\x03\x04" + string(make([]byte, 28))
	text, _ := Encode(key)
	null := func(address string) Request { return Request{Address: address, Mechanism: "NULL"} }
	plain := func(c ...string) Request { return Request{Mechanism: "PLAIN", Credentials: c} }
	curve := Request{Mechanism: "CURVE", Credentials: []string{key}}
	for _, c := range []struct {
		what string
		r    Rules
		q    Request
		code string
	}{
		{"no rule", Rules{}, null("1.2.3.4"), "200"},
		{"denied", Rules{Deny: []string{"1.2.0.0/16"}}, null("1.2.3.4"), "400"},
		{"not denied", Rules{Deny: []string{"1.2.0.0/16"}}, null("1.3.3.4"), "200"},
		{"allowed", Rules{Allow: []string{"1.2.3.4"}}, null("1.2.3.4"), "200"},
		{"allowed, mapped", Rules{Allow: []string{"1.2.3.4"}}, null("::ffff:1.2.3.4"), "200"},
		{"not allowed", Rules{Allow: []string{}}, null("1.2.3.4"), "400"},
		{"both", Rules{Allow: []string{"::/0"}, Deny: []string{"::1"}}, null("::1"), "400"},
		{"user", Rules{Plain: map[string]string{"a": "b"}}, plain("a", "b"), "200"},
		{"password", Rules{Plain: map[string]string{"a": "b"}}, plain("a", "c"), "400"},
		{"unknown user, no password", Rules{Plain: map[string]string{"a": "b"}}, plain("x", ""), "400"},
		{"no users", Rules{}, plain("a", "b"), "400"},
		{"no users, handler", Rules{Handler: true}, plain("a", "b"), "200"},
		{"no credentials", Rules{Handler: true}, plain(), "400"},
		{"any key", Rules{CurveAny: true}, curve, "200"},
		{"key", Rules{Curve: map[string]bool{text: true}}, curve, "200"},
		{"other key", Rules{Curve: map[string]bool{}}, curve, "400"},
		{"other key, handler", Rules{Curve: map[string]bool{}, Handler: true}, curve, "400"},
		{"mechanism", Rules{}, Request{Mechanism: "GSSAPI"}, "400"},
	} {
		if code, why, _ := c.r.Decide(c.q); code != c.code {
			t.Errorf("%s: %s %s", c.what, code, why)
		}
	}
	if _, _, user := (&Rules{CurveAny: true}).Decide(curve); user != text {
		t.Errorf("the user of a key is %q", user)
	}
}

func TestAddressesThatCanMatch(t *testing.T) {
	for address, ok := range map[string]bool{"10.0.0.0/8": true, "::1": true, "localhost": false, "": false} {
		if ValidAddress(address) != ok {
			t.Errorf("%q: %v", address, !ok)
		}
	}
}
