package zmq

// #include <zmq.h>
import "C"

import "strings"

// The types that a libzmq has only if it was built with drafts.
var draftTypes = map[string]int{
	"SERVER": 12, "CLIENT": 13, "RADIO": 14, "DISH": 15, "GATHER": 16, "SCATTER": 17,
	"DGRAM": 18, "PEER": 19, "CHANNEL": 20,
}

var stableTypes = []string{
	C.ZMQ_PAIR: "PAIR", C.ZMQ_PUB: "PUB", C.ZMQ_SUB: "SUB", C.ZMQ_REQ: "REQ", C.ZMQ_REP: "REP",
	C.ZMQ_DEALER: "DEALER", C.ZMQ_ROUTER: "ROUTER", C.ZMQ_PULL: "PULL", C.ZMQ_PUSH: "PUSH",
	C.ZMQ_XPUB: "XPUB", C.ZMQ_XSUB: "XSUB", C.ZMQ_STREAM: "STREAM",
}

// SocketType finds a type of socket by its name, in capitals or not; draft types, too.
func SocketType(name string) (int, bool) {
	name = strings.ToUpper(name)
	for n, known := range stableTypes {
		if name == known {
			return n, true
		}
	}
	switch name { // older names
	case "XREQ":
		return C.ZMQ_DEALER, true
	case "XREP":
		return C.ZMQ_ROUTER, true
	}
	n, known := draftTypes[name]
	return n, known
}

// TypeName returns the name of a type of socket; "" if none has the number.
func TypeName(n int) string {
	if n >= 0 && n < len(stableTypes) {
		return stableTypes[n]
	}
	for name, number := range draftTypes {
		if n == number {
			return name
		}
	}
	return ""
}

// hasType is false for a draft type in a libzmq without drafts, which says ENOMEM then.
func hasType(n int) bool { return n < len(stableTypes) || Has("draft") }
