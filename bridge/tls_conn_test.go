package bridge

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"luv/uv"
)

// testPair is a certificate, and its key.
func testPair(t *testing.T) (cert, key string) {
	t.Helper()
	cert, key, err := selfSign(&x509.Certificate{DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign})
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func testConfigs(t *testing.T) (client, server *tlsConfig) {
	t.Helper()
	cert, key := testPair(t)
	client, err := newTLSConfig(tlsOptions{verify: verifyAll, ca: []string{cert}, min: tls.VersionTLS12, sessions: 4})
	if err != nil {
		t.Fatal(err)
	}
	server, err = newTLSConfig(tlsOptions{verify: verifyAll, cert: []string{cert}, key: []string{key}, min: tls.VersionTLS12, sessions: 4})
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

// bare is a connection without a loop; whoever plays the loop is told by stirred.
func bare(config *tlsConfig, client bool, name string) (t *tlsConn, stirred chan struct{}) {
	stirred = make(chan struct{}, 100)
	t = &tlsConn{config: config, client: client}
	t.init(func() { stirred <- struct{}{} })
	if client {
		t.conn = tls.Client(&t.memory, config.of(t, name))
	} else {
		t.conn = tls.Server(&t.memory, config.of(t, name))
	}
	return t, stirred
}

// carry takes what `from` has to send to `to`, in pieces of at most n bytes.
func carry(from, to *tlsConn, n int) {
	buf := make([]byte, 1<<16)
	for {
		done, _ := from.flush(buf)
		if done == 0 {
			return
		}
		for at := 0; at < done; at += n {
			to.feed(buf[at:min(at+n, done)])
		}
	}
}

// readyPair is two connections whose handshake is done.
func readyPair(t *testing.T, client, server *tlsConfig, piece int) (*tlsConn, *tlsConn) {
	t.Helper()
	a, wakeA := bare(client, true, "localhost")
	b, wakeB := bare(server, false, "")
	ended := make(chan error, 2)
	go func() { ended <- a.shake() }()
	go func() { ended <- b.shake() }()
	for left := 2; left > 0; {
		select {
		case <-wakeA:
			carry(a, b, piece)
		case <-wakeB:
			carry(b, a, piece)
		case err := <-ended:
			if left--; err != nil {
				t.Fatal(err)
			}
		}
	}
	carry(a, b, piece)
	carry(b, a, piece)
	a.shaken(nil)
	b.shaken(nil)
	return a, b
}

func sealed(t *testing.T, c *tlsConn, data []byte) []byte {
	t.Helper()
	to := make([]byte, len(data)+1024)
	result, done, pending := c.Record(uv.TLSSeal, 0, data, to)
	if result != 0 || pending != 0 {
		t.Fatalf("seal: %d, %d pending", result, pending)
	}
	return to[:done]
}

// Whatever the pieces are that records come in, what is plain is the same.
func TestRecordsInAnyPieces(t *testing.T) {
	client, server := testConfigs(t)
	for _, piece := range []int{1, 7, 5000} {
		a, b := readyPair(t, client, server, piece)
		b.Record(uv.TLSOpen, 0, nil, make([]byte, 1000)) // the rest of the handshake
		r := rand.New(rand.NewPCG(1, uint64(piece)))
		for range 20 {
			data := make([]byte, r.IntN(60000))
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			records, to, got := sealed(t, a, data), make([]byte, 1<<17), []byte(nil)
			for len(records) > 0 {
				n := min(1+r.IntN(2*piece), len(records))
				result, done, _ := b.Record(uv.TLSOpen, 0, records[:n], to)
				if result != 0 {
					t.Fatalf("result %d: %v", result, b.err)
				}
				got, records = append(got, to[:done]...), records[n:]
			}
			if !bytes.Equal(got, data) {
				t.Fatalf("%d bytes came of %d", len(got), len(data))
			}
		}
	}
}

// When there is no room the rest is given by later calls.
func TestOpenWithoutRoom(t *testing.T) {
	client, server := testConfigs(t)
	a, b := readyPair(t, client, server, 1<<16)
	data := bytes.Repeat([]byte("0123456789"), 5000)
	in, to, got := sealed(t, a, data), make([]byte, 999), []byte(nil)
	for {
		result, done, _ := b.Record(uv.TLSOpen, 0, in, to)
		got, in = append(got, to[:done]...), nil
		if result != uv.TLSMore {
			break
		}
	}
	if !bytes.Equal(got, data) {
		t.Errorf("%d bytes came of %d", len(got), len(data))
	}
}

// An idle connection keeps nothing of what it has read.
func TestIdleConnectionKeepsNoBuffer(t *testing.T) {
	client, server := testConfigs(t)
	a, b := readyPair(t, client, server, 1<<16)
	to := make([]byte, 1<<17)
	b.Record(uv.TLSOpen, 0, sealed(t, a, make([]byte, 50000)), to)
	raw := (*bytes.Buffer)(b.field(buffersOfTLS().rawInput))
	if raw.Cap() > smallInput {
		t.Errorf("it keeps %d bytes", raw.Cap())
	}
}

// mutate spoils a copy of data in one of several ways.
func mutate(r *rand.Rand, data []byte) []byte {
	c := bytes.Clone(data)
	for range 1 + r.IntN(4) {
		i := r.IntN(len(c))
		switch r.IntN(6) {
		case 0:
			c[i] ^= 1 << r.IntN(8)
		case 1:
			c[i] = byte(r.Uint32())
		case 2:
			c = c[:max(i, 1)]
		case 3:
			c = append(c[:i:i], c[min(i+1+r.IntN(8), len(c)-1):]...)
		case 4:
			c = append(c[:i:i], append([]byte{0, 1, 255, 22, 3}[:1+r.IntN(5)], c[i:]...)...)
		default:
			c = append(c, c[i:]...)
		}
		if len(c) == 0 {
			c = []byte{0}
		}
	}
	return c
}

// mutations is how many are tried: LUV_FUZZ, or a few.
func mutations() int {
	if n, err := strconv.Atoi(os.Getenv("LUV_FUZZ")); err == nil {
		return n
	}
	return 2000
}

// Nothing that a client sends first ends more than its own connection.
func TestMutatedHellos(t *testing.T) {
	client, server := testConfigs(t)
	a, wake := bare(client, true, "localhost")
	go a.shake()
	<-wake
	hello := make([]byte, 1<<14)
	n, _ := a.flush(hello)
	a.abandon()
	r := rand.New(rand.NewPCG(3, 4))
	for range mutations() {
		b, _ := bare(server, false, "")
		ended := make(chan error)
		go func() { ended <- b.shake() }()
		b.feed(mutate(r, hello[:n]))
		b.finish(endOf(uv.EOF))
		if err := <-ended; err == nil {
			t.Fatal("a handshake was complete without its second half")
		}
		if text := errorText(b.describe(b.end)); text == "" {
			t.Fatal("an error without a text")
		}
	}
}

// A record that was spoilt gives no byte that was not sent, and ends the connection unless it is
// only too short.
func TestMutatedRecords(t *testing.T) {
	client, server := testConfigs(t)
	r := rand.New(rand.NewPCG(5, 6))
	data, to := bytes.Repeat([]byte("secret "), 20), make([]byte, 1<<17)
	var a, b *tlsConn
	for range mutations() {
		if a == nil {
			a, b = readyPair(t, client, server, 1<<16)
			b.Record(uv.TLSOpen, 0, nil, to)
			a.Record(uv.TLSOpen, 0, nil, to)
		}
		good := sealed(t, a, data)
		spoilt := mutate(r, good)
		result, done, _ := b.Record(uv.TLSOpen, 0, spoilt, to)
		if done > 0 && !bytes.HasPrefix(spoilt, good) || !bytes.Equal(to[:done], data[:done]) {
			t.Fatalf("%q came of a record that was spoilt", to[:done])
		}
		if result < 0 && errorText(b.err) == "" {
			t.Fatal("an error without a text")
		}
		if !bytes.Equal(spoilt, good) {
			a = nil
		}
	}
}
