package bridge

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"luv/uv"
)

// tls_error.go - what can go wrong with TLS, in words that say with whom.

// tlsError is an error with a code of TLS's.
type tlsError struct {
	code uv.Errno
	text string
}

func (e *tlsError) Error() string { return e.code.Name() + ": " + e.text }

// Name returns the code's name, for package lua.
func (e *tlsError) Name() string { return e.code.Name() }

func errorCode(err error) uv.Errno {
	var t *tlsError
	var e uv.Errno
	switch {
	case errors.As(err, &t):
		return t.code
	case errors.As(err, &e):
		return e
	}
	return uv.ETLS
}

// errorText is what an error says behind its code.
func errorText(err error) string {
	var t *tlsError
	if errors.As(err, &t) {
		return t.text
	}
	return ""
}

func certError(format string, args ...any) error {
	return &tlsError{uv.ECERT, fmt.Sprintf(format, args...)}
}

// endOf is what a handshake reads when the stream below has ended with err.
func endOf(err uv.Errno) error {
	if err == uv.EOF {
		return io.EOF
	}
	return err
}

// peer is whom the connection is with.
func (t *tlsConn) peer() string {
	if t.client {
		return "server"
	}
	return "client"
}

// describe puts an error of crypto/tls into luv's words.
func (t *tlsConn) describe(err error) error {
	var own *tlsError
	var system uv.Errno
	var cert *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	switch {
	case errors.As(err, &own), errors.As(err, &system):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &tlsError{uv.ETRUNCATED, "the " + t.peer() + " closed the connection during the handshake"}
	case errors.As(err, &cert):
		return refusedCertificate(t.peer()+"'s ", cert)
	case errors.As(err, &header):
		return &tlsError{uv.ETLS, t.noTLS(header)}
	}
	text := strings.ReplaceAll(err.Error(), "tls: ", "")
	if strings.Contains(text, "client didn't provide a certificate") {
		return certError("the client has sent no certificate")
	}
	if alert, remote := strings.CutPrefix(text, "remote error: "); remote {
		return &tlsError{uv.ETLS, "the " + t.peer() + " has sent the alert \"" + alert + "\""}
	}
	return &tlsError{uv.ETLS, strings.TrimPrefix(text, "local error: ")}
}

// noTLS says what the peer has sent instead of a record.
func (t *tlsConn) noTLS(e tls.RecordHeaderError) string {
	text := "the " + t.peer() + " does not speak TLS"
	for _, word := range []string{"HTTP", "GET ", "POST", "HEAD", "PUT ", "SSH-", "220 ", "220-", "EHLO", "* OK", "+OK"} {
		if bytes.HasPrefix(e.RecordHeader[:], []byte(word)) {
			return fmt.Sprintf("%s: it has sent %q", text, e.RecordHeader[:])
		}
	}
	return text + ": " + e.Msg
}

// refusedCertificate says what is wrong with whose certificate, or with one that has signed it.
func refusedCertificate(whose string, e *tls.CertificateVerificationError) error {
	what := e.Err.Error()
	var leaf *x509.Certificate
	if len(e.UnverifiedCertificates) > 0 {
		leaf = e.UnverifiedCertificates[0]
	}
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(e.Err, &host):
		what = "it is not for " + host.Host + ", but for " + namesText(host.Certificate)
	case errors.As(e.Err, &unknown):
		what = "it is signed by an unknown authority, " + unknownIssuer(leaf)
	case errors.As(e.Err, &invalid):
		what = invalidText(invalid)
		leaf = orElse(invalid.Cert, leaf)
	}
	return certError("the %scertificate %s: %s", whose, subjectText(leaf), what)
}

func orElse(a, b *x509.Certificate) *x509.Certificate {
	if a != nil {
		return a
	}
	return b
}

func subjectText(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	if s := c.Subject.String(); s != "" {
		return "\"" + s + "\""
	}
	return "for " + namesText(c)
}

func namesText(c *x509.Certificate) string {
	if names := certNames(c); len(names) > 0 {
		return strings.Join(names, ", ")
	}
	return "nobody"
}

func unknownIssuer(c *x509.Certificate) string {
	switch {
	case c == nil:
		return ""
	case bytes.Equal(c.RawIssuer, c.RawSubject):
		return "itself"
	}
	return "\"" + c.Issuer.String() + "\""
}

func invalidText(e x509.CertificateInvalidError) string {
	now := time.Now()
	switch {
	case e.Reason == x509.Expired && e.Cert != nil && now.Before(e.Cert.NotBefore):
		return "it is not valid before " + day(e.Cert.NotBefore)
	case e.Reason == x509.Expired && e.Cert != nil:
		return "it has expired, on " + day(e.Cert.NotAfter)
	case e.Reason == x509.IncompatibleUsage:
		return "it is not for this use (extended key usage)"
	case e.Reason == x509.TooManyIntermediates:
		return "its chain is too long"
	case e.Reason == x509.NotAuthorizedToSign:
		return "one that has signed it is no authority"
	}
	return strings.TrimPrefix(e.Error(), "x509: ")
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
