package zmq

import "testing"

func TestKeysBelongTogether(t *testing.T) {
	public, secret, err := Keypair()
	if err != nil {
		t.Fatal(err)
	}
	if p, err := Public(secret); p != public || err != nil {
		t.Error(p, err)
	}
}

func TestZ85(t *testing.T) {
	const data = "\x86\x4f\xd2\x6f\xb5\x59\xf7\x5b" // the example of RFC 32
	if text, ok := Encode(data); !ok || text != "HelloWorld" {
		t.Error(text, ok)
	}
	if back, ok := Decode("HelloWorld"); !ok || back != data {
		t.Errorf("%q, %v", back, ok)
	}
	for _, bad := range []string{"abc", "#####", "ab~cd", "%nSc1"} {
		if _, ok := Decode(bad); ok {
			t.Errorf("%q is taken for Z85", bad)
		}
	}
	if _, ok := Encode("abc"); ok {
		t.Error("three bytes are encoded")
	}
}

func TestHas(t *testing.T) {
	if !Has("IPC") || Has("nonsense") {
		t.Error(Has("IPC"), Has("nonsense"))
	}
}
