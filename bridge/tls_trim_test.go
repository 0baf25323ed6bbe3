package bridge

import "testing"

// What tls_trim.go knows of crypto/tls is so.
func TestBuffersOfTLSAreKnown(t *testing.T) {
	if !buffersOfTLS().known {
		t.Error("tls.Conn has no rawInput, input or hand of the types that tls_trim.go knows: an idle connection keeps 16 KB")
	}
}
