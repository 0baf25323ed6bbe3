package bridge

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"strings"

	"luv/lua"
)

// certNames are the names and addresses that a certificate is for.
func certNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

func certTable(c *x509.Certificate) lua.Table {
	var names lua.List
	for _, name := range certNames(c) {
		names = append(names, name)
	}
	sum := sha256.Sum256(c.Raw)
	return lua.Table{
		{Key: "subject", Value: c.Subject.String()},
		{Key: "issuer", Value: c.Issuer.String()},
		{Key: "names", Value: names},
		{Key: "not_before", Value: float64(c.NotBefore.Unix())},
		{Key: "not_after", Value: float64(c.NotAfter.Unix())},
		{Key: "sha256", Value: hex.EncodeToString(sum[:])},
		{Key: "pem", Value: encodePEM("CERTIFICATE", c.Raw)},
	}
}

// chainTable is the certificates that the peer has sent, its own first.
func chainTable(s *tls.ConnectionState) lua.List {
	list := lua.List{}
	for _, c := range s.PeerCertificates {
		list = append(list, certTable(c))
	}
	return list
}

func infoTable(s *tls.ConnectionState) lua.Table {
	t := lua.Table{
		{Key: "version", Value: strings.TrimPrefix(tls.VersionName(s.Version), "TLS ")},
		{Key: "cipher", Value: tls.CipherSuiteName(s.CipherSuite)},
		{Key: "resumed", Value: s.DidResume},
	}
	if s.NegotiatedProtocol != "" {
		t = append(t, lua.Pair{Key: "alpn", Value: s.NegotiatedProtocol})
	}
	if s.ServerName != "" {
		t = append(t, lua.Pair{Key: "server_name", Value: s.ServerName})
	}
	if len(s.PeerCertificates) > 0 {
		t = append(t, lua.Pair{Key: "peer", Value: certTable(s.PeerCertificates[0])})
	}
	return t
}
