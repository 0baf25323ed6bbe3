package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// tls.go - a TLS echo server under load, beside C with libuv and OpenSSL, and beside Go's own. The
// one rule: all of them use one ECDSA P-256 certificate, and what is counted is the server's CPU. For
// an echo it has one and the load another; for handshakes both have both, since luv leaves these to
// other threads than the loop's.

// writePair makes the certificate and key that all servers use.
func writePair(cert, key string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &private.PublicKey, private)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	return errorsOf(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
}

// buildTLS builds what only these workloads need.
func (b *bench) buildTLS() error {
	if _, err := os.Stat(b.path("tlsload")); err == nil {
		return nil
	}
	for out, pkg := range map[string]string{"tlsload": "./bench/load/tls", "gotls": "./bench/limit/gotls"} {
		if err := quietly(exec.Command("go", "build", "-buildvcs=false", "-o", b.path(out), pkg)); err != nil {
			return err
		}
	}
	return errorsOf(b.cc("tls", "bench/limit/tls.c", "libuv openssl"), writePair(b.path("cert.pem"), b.path("key.pem")))
}

// tlsServers are the contenders: C, Go, and luv under each Lua.
func (b *bench) tlsServers() map[string][]string {
	all := map[string][]string{"C": {b.path("tls")}, "Go": {b.path("gotls")}}
	for _, lua := range b.luas {
		all[lua] = []string{lua, "bench/tls.lua"}
	}
	return all
}

// tlsLoad runs a server under a load.
func (b *bench) tlsLoad(argv []string, mode string, conns, size int, beside string) (values, error) {
	pin, loadPin := b.cpu(0), b.cpu(len(b.cpus)-1)
	if mode != "echo" || beside != "" {
		pin, loadPin = "", ""
	}
	v, err := b.serve(spec{argv: argv, pin: pin}, b.path("cert.pem"), b.path("key.pem"))
	if err != nil {
		return nil, err
	}
	defer v.stop()
	load := func(mode string, conns int) spec {
		return spec{argv: []string{b.path("tlsload"), v.port, strconv.Itoa(conns), strconv.Itoa(size), "0.3", "0.8",
			strconv.Itoa(v.cmd.Process.Pid), mode}, pin: loadPin}
	}
	if beside != "" {
		other := b.command(b.ctx, load(beside, 4))
		if err := other.Start(); err != nil {
			return nil, err
		}
		defer other.Wait()
	}
	return b.run(load(mode, conns))
}

func (b *bench) tlsTurns(mode string, conns, size int) (results, error) {
	if err := b.buildTLS(); err != nil {
		return nil, err
	}
	var list []contender
	for name, argv := range b.tlsServers() {
		limit := "C"
		if name == "C" {
			limit = ""
		}
		list = append(list, contender{name, limit, func() (values, error) { return b.tlsLoad(argv, mode, conns, size, "") }})
	}
	return b.turns(b.rounds, list...)
}

// tls measures one thing of each server, and judges luv beside one of the two limits.
func (b *bench) tls(mode string, conns, size int, key, unit string, besideC, besideGo must) error {
	r, err := b.tlsTurns(mode, conns, size)
	if err != nil {
		return err
	}
	for _, lua := range b.luas {
		b.table.add(figure{b.table.workload + ", C + OpenSSL", lua, unit, r.column(lua, key), r.column("C", key), besideC})
		b.table.add(figure{b.table.workload + ", Go's own", lua, unit, r.column(lua, key), r.column("Go", key), besideGo})
	}
	return nil
}

// tlsBeside is the slowest hundredth of an echo, while four others do handshakes and while they echo.
func (b *bench) tlsBeside() error {
	if err := b.buildTLS(); err != nil {
		return err
	}
	for _, lua := range b.luas {
		argv := b.tlsServers()[lua]
		r, err := b.turns(b.rounds,
			contender{"alone", "", func() (values, error) { return b.tlsLoad(argv, "echo", 8, 64, "echo") }},
			contender{"beside", "alone", func() (values, error) { return b.tlsLoad(argv, "echo", 8, 64, "handshake") }})
		if err != nil {
			return err
		}
		b.table.add(figure{"tls echo beside handshakes, p99", lua, "µs", r.column("beside", "p99"), r.column("alone", "p99"), atMost(2)})
	}
	return nil
}
