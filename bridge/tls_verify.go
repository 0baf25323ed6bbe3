package bridge

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"

	"luv/lua"
)

// tls_verify.go - certificates for their own sake: what is in one, and what it proves.

// authorities are those that a config trusts; nil is the system's.
func (t *tlsConfig) authorities() *x509.CertPool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.base.RootCAs
}

// verifyCertificates looks for a way from the first of the chain to an authority.
func verifyCertificates(chain []*x509.Certificate, opts x509.VerifyOptions) error {
	if len(chain) == 0 {
		return certError("no certificate was sent")
	}
	opts.Intermediates = x509.NewCertPool()
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	if _, err := chain[0].Verify(opts); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
	}
	return nil
}

// parseChain reads the certificates of a text of PEM, or a file of it.
func parseChain(s string) (chain []*x509.Certificate, err error) {
	data, name, err := readPEM(s)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, certError("%s: %s", name, strings.TrimPrefix(err.Error(), "x509: "))
		}
		chain = append(chain, c)
	}
	if chain == nil {
		err = certError("no certificate in %s", name)
	}
	return chain, err
}

var keyUses = map[string][]x509.ExtKeyUsage{
	"": {x509.ExtKeyUsageServerAuth}, "server": {x509.ExtKeyUsageServerAuth},
	"client": {x509.ExtKeyUsageClientAuth}, "any": {x509.ExtKeyUsageAny},
}

// true = luv.tls.verify(chain[, {ca =, name =, use =}])
func tlsVerify(c *lua.Call) {
	text := c.String(1)
	r := &optionReader{c: c, i: 2}
	if !c.Nil(2) {
		r.fields = c.Tree(2)
	}
	ca, name, use := r.list("ca"), r.text("name"), r.text("use")
	r.none()
	uses, known := keyUses[use]
	if !known {
		r.bad("use", `"server", "client" or "any" expected`)
	}
	if err := verifyText(text, ca, x509.VerifyOptions{DNSName: name, KeyUsages: uses}); err != nil {
		c.Fail(err)
		return
	}
	c.Return(true)
}

func verifyText(text string, ca []string, opts x509.VerifyOptions) error {
	chain, err := parseChain(text)
	if err == nil {
		opts.Roots, _, err = loadAuthorities(ca)
	}
	if err == nil {
		err = verifyCertificates(chain, opts)
	}
	if refusal, ok := err.(*tls.CertificateVerificationError); ok {
		return refusedCertificate("", refusal)
	}
	return err
}

// ---- what is in one ------------------------------------------------------------------------------

// t = luv.tls.certificate(pem)
func tlsCertificate(c *lua.Call) {
	chain, err := parseChain(c.String(1))
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(append(certTable(chain[0]), certDetails(chain[0])...))
}

func certDetails(c *x509.Certificate) lua.Table {
	kind, bits := keyKind(c)
	sum1, sum512 := sha1.Sum(c.Raw), sha512.Sum512(c.Raw)
	var addresses, uris []string
	for _, ip := range c.IPAddresses {
		addresses = append(addresses, ip.String())
	}
	for _, u := range c.URIs {
		uris = append(uris, u.String())
	}
	public, _ := x509.MarshalPKIXPublicKey(c.PublicKey)
	return lua.Table{
		{Key: "serial", Value: hexNumber(c)},
		{Key: "signature", Value: c.SignatureAlgorithm.String()},
		{Key: "key_type", Value: kind},
		{Key: "key_bits", Value: float64(bits)},
		{Key: "public_key", Value: encodePEM("PUBLIC KEY", public)},
		{Key: "sha1", Value: hex.EncodeToString(sum1[:])},
		{Key: "sha512", Value: hex.EncodeToString(sum512[:])},
		{Key: "subject_fields", Value: nameFields(c.Subject)},
		{Key: "issuer_fields", Value: nameFields(c.Issuer)},
		{Key: "dns_names", Value: texts(c.DNSNames)},
		{Key: "addresses", Value: texts(addresses)},
		{Key: "emails", Value: texts(c.EmailAddresses)},
		{Key: "uris", Value: texts(uris)},
	}
}

func texts(all []string) lua.List {
	list := lua.List{}
	for _, s := range all {
		list = append(list, s)
	}
	return list
}

// hexNumber is the serial number in whole bytes.
func hexNumber(c *x509.Certificate) string {
	s := fmt.Sprintf("%X", c.SerialNumber)
	if len(strings.TrimPrefix(s, "-"))%2 == 1 {
		s = strings.Replace("0"+s, "0-", "-0", 1)
	}
	return s
}

func keyKind(c *x509.Certificate) (kind string, bits int) {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA", k.N.BitLen()
	case *ecdsa.PublicKey:
		return "EC", k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return "ED25519", 256
	}
	return c.PublicKeyAlgorithm.String(), 0
}

// nameFields are the parts of a name, as they stand in it.
func nameFields(n pkix.Name) lua.List {
	list := lua.List{}
	for _, part := range n.Names {
		list = append(list, lua.Table{
			{Key: "oid", Value: part.Type.String()},
			{Key: "value", Value: fmt.Sprint(part.Value)},
		})
	}
	return list
}
