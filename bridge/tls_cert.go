package bridge

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"luv/lua"
	"luv/uv"
)

// tls_cert.go - certificates and keys: read from files, or made.

// fileError is what the system says of a file.
type namedFileError struct {
	uv.Errno
	path string
}

func (e *namedFileError) Error() string { return e.Errno.Error() + ": " + e.path }

func fileError(path string, err error) error { return &namedFileError{lua.Errno(err), path} }

const pemMark = "-----BEGIN "

// readPEM returns what s is: PEM itself, or a file of it; and how it is called in an error.
func readPEM(s string) (data []byte, name string, err error) {
	if strings.Contains(s, pemMark) {
		return []byte(s), "PEM", nil
	}
	data, err = os.ReadFile(s)
	if err != nil {
		err = fileError(s, err)
	}
	return data, s, err
}

// loadPairs reads certificates with their keys.
func loadPairs(certs, keys []string, password string) ([]tls.Certificate, error) {
	var all []tls.Certificate
	for i := range certs {
		cert, certName, err := readPEM(certs[i])
		if err != nil {
			return nil, err
		}
		key, keyName, err := readPEM(keys[i])
		if err != nil {
			return nil, err
		}
		if key, err = decryptKey(key, password); err != nil {
			return nil, certError("key %s: %s", keyName, err)
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, certError("certificate %s and key %s: %s", certName, keyName, strings.TrimPrefix(err.Error(), "tls: "))
		}
		all = append(all, pair)
	}
	return all, nil
}

// loadAuthorities reads certificates of authorities, of PEM, files and folders; "system" stands for
// those of the system. nil is the system's. It returns what it has read, too.
func loadAuthorities(list []string) (*x509.CertPool, []byte, error) {
	if list == nil {
		return nil, nil, nil
	}
	pool := x509.NewCertPool()
	var all []byte
	for _, s := range list {
		if s == "system" {
			system, err := x509.SystemCertPool()
			if err != nil {
				return nil, nil, certError("the system's certificates: %s", err)
			}
			pool = system
		}
	}
	for _, s := range list {
		all = append(all, s...)
		if s == "system" {
			continue
		}
		data, name, err := readAuthorities(s)
		if err != nil {
			return nil, nil, err
		}
		if !pool.AppendCertsFromPEM(data) {
			return nil, nil, certError("no certificate in %s", name)
		}
		all = append(all, data...)
	}
	return pool, all, nil
}

// readAuthorities is readPEM, or all the files of a folder.
func readAuthorities(s string) ([]byte, string, error) {
	entries, err := os.ReadDir(s)
	if strings.Contains(s, pemMark) || err != nil {
		return readPEM(s)
	}
	var all bytes.Buffer
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(s, e.Name()))
		switch {
		case err == nil && bytes.Contains(data, []byte(pemMark)):
			all.Write(data)
			all.WriteByte('\n')
		case err != nil && errors.Is(err, fs.ErrPermission):
			return nil, s, fileError(filepath.Join(s, e.Name()), err)
		}
	}
	return all.Bytes(), s, nil
}

// cert, key = luv.tls.selfsigned{names...[, not_before =, not_after =]}
func tlsSelfsigned(c *lua.Call) {
	fields := c.Tree(1)
	now := time.Now()
	t := &x509.Certificate{
		NotBefore: moment(c, fields, "not_before", now.Add(-time.Hour)),
		NotAfter:  moment(c, fields, "not_after", now.AddDate(1, 0, 0)),
		KeyUsage:  x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for n := 1.0; fields[n] != nil; n++ {
		name, ok := fields[n].(string)
		if !ok || name == "" {
			c.Bad(1, "names expected")
		}
		if ip := net.ParseIP(name); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, name)
		}
		t.Subject.CommonName = orText(t.Subject.CommonName, name)
		delete(fields, n)
	}
	for name := range fields {
		c.Bad(1, "unknown field '"+strings.ToValidUTF8(toText(name), "?")+"'")
	}
	if t.Subject.CommonName == "" {
		c.Bad(1, "a name expected")
	}
	cert, key, err := selfSign(t)
	if err != nil {
		c.Fail(certError("%s", err))
		return
	}
	c.Return(cert, key)
}

func orText(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

func toText(v any) string {
	s, _ := v.(string)
	return s
}

// moment is a field in seconds since 1970.
func moment(c *lua.Call, fields map[any]any, name string, otherwise time.Time) time.Time {
	v, ok := fields[name]
	delete(fields, name)
	if !ok {
		return otherwise
	}
	s, is := v.(float64)
	if !is || !(s > -6e10 && s < 2e11) {
		c.Bad(1, "field '"+name+"': seconds expected")
	}
	return time.Unix(int64(s), 0)
}

func selfSign(t *x509.Certificate) (cert, key string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return "", "", err
	}
	t.Subject = pkix.Name{CommonName: t.Subject.CommonName}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &private.PublicKey, private)
	if err != nil {
		return "", "", err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", err
	}
	return encodePEM("CERTIFICATE", der), encodePEM("PRIVATE KEY", pkcs8), nil
}

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
