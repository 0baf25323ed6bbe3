package zmq

// #include <zmq.h>
import "C"

import (
	"math"
	"strings"
	"syscall"
	"unsafe"
)

// A Kind is the type of an option's value.
type Kind int

// The types that options have. A key is 32 bytes, or 40 characters of Z85.
const (
	Int Kind = iota
	Int64
	Uint64
	Text
	Binary
	Key
)

// An Option is one of libzmq's socket options.
type Option struct {
	Name   string
	Number int
	Kind   Kind
	Access string // "r", "w" or "rw"
}

// Options are all those of libzmq 4.3 that are no drafts.
var Options = []Option{
	{"AFFINITY", C.ZMQ_AFFINITY, Uint64, "rw"},
	{"ROUTING_ID", C.ZMQ_ROUTING_ID, Binary, "rw"},
	{"SUBSCRIBE", C.ZMQ_SUBSCRIBE, Binary, "w"},
	{"UNSUBSCRIBE", C.ZMQ_UNSUBSCRIBE, Binary, "w"},
	{"RATE", C.ZMQ_RATE, Int, "rw"},
	{"RECOVERY_IVL", C.ZMQ_RECOVERY_IVL, Int, "rw"},
	{"SNDBUF", C.ZMQ_SNDBUF, Int, "rw"},
	{"RCVBUF", C.ZMQ_RCVBUF, Int, "rw"},
	{"RCVMORE", C.ZMQ_RCVMORE, Int, "r"},
	{"FD", C.ZMQ_FD, Int, "r"},
	{"EVENTS", C.ZMQ_EVENTS, Int, "r"},
	{"TYPE", C.ZMQ_TYPE, Int, "r"},
	{"LINGER", C.ZMQ_LINGER, Int, "rw"},
	{"RECONNECT_IVL", C.ZMQ_RECONNECT_IVL, Int, "rw"},
	{"BACKLOG", C.ZMQ_BACKLOG, Int, "rw"},
	{"RECONNECT_IVL_MAX", C.ZMQ_RECONNECT_IVL_MAX, Int, "rw"},
	{"MAXMSGSIZE", C.ZMQ_MAXMSGSIZE, Int64, "rw"},
	{"SNDHWM", C.ZMQ_SNDHWM, Int, "rw"},
	{"RCVHWM", C.ZMQ_RCVHWM, Int, "rw"},
	{"MULTICAST_HOPS", C.ZMQ_MULTICAST_HOPS, Int, "rw"},
	{"RCVTIMEO", C.ZMQ_RCVTIMEO, Int, "rw"},
	{"SNDTIMEO", C.ZMQ_SNDTIMEO, Int, "rw"},
	{"IPV4ONLY", C.ZMQ_IPV4ONLY, Int, "rw"},
	{"LAST_ENDPOINT", C.ZMQ_LAST_ENDPOINT, Text, "r"},
	{"ROUTER_MANDATORY", C.ZMQ_ROUTER_MANDATORY, Int, "w"},
	{"TCP_KEEPALIVE", C.ZMQ_TCP_KEEPALIVE, Int, "rw"},
	{"TCP_KEEPALIVE_CNT", C.ZMQ_TCP_KEEPALIVE_CNT, Int, "rw"},
	{"TCP_KEEPALIVE_IDLE", C.ZMQ_TCP_KEEPALIVE_IDLE, Int, "rw"},
	{"TCP_KEEPALIVE_INTVL", C.ZMQ_TCP_KEEPALIVE_INTVL, Int, "rw"},
	{"TCP_ACCEPT_FILTER", C.ZMQ_TCP_ACCEPT_FILTER, Binary, "w"},
	{"IMMEDIATE", C.ZMQ_IMMEDIATE, Int, "rw"},
	{"XPUB_VERBOSE", C.ZMQ_XPUB_VERBOSE, Int, "w"},
	{"ROUTER_RAW", C.ZMQ_ROUTER_RAW, Int, "w"},
	{"IPV6", C.ZMQ_IPV6, Int, "rw"},
	{"MECHANISM", C.ZMQ_MECHANISM, Int, "r"},
	{"PLAIN_SERVER", C.ZMQ_PLAIN_SERVER, Int, "rw"},
	{"PLAIN_USERNAME", C.ZMQ_PLAIN_USERNAME, Text, "rw"},
	{"PLAIN_PASSWORD", C.ZMQ_PLAIN_PASSWORD, Text, "rw"},
	{"CURVE_SERVER", C.ZMQ_CURVE_SERVER, Int, "rw"},
	{"CURVE_PUBLICKEY", C.ZMQ_CURVE_PUBLICKEY, Key, "rw"},
	{"CURVE_SECRETKEY", C.ZMQ_CURVE_SECRETKEY, Key, "rw"},
	{"CURVE_SERVERKEY", C.ZMQ_CURVE_SERVERKEY, Key, "rw"},
	{"PROBE_ROUTER", C.ZMQ_PROBE_ROUTER, Int, "w"},
	{"REQ_CORRELATE", C.ZMQ_REQ_CORRELATE, Int, "w"},
	{"REQ_RELAXED", C.ZMQ_REQ_RELAXED, Int, "w"},
	{"CONFLATE", C.ZMQ_CONFLATE, Int, "rw"},
	{"ZAP_DOMAIN", C.ZMQ_ZAP_DOMAIN, Text, "rw"},
	{"ROUTER_HANDOVER", C.ZMQ_ROUTER_HANDOVER, Int, "w"},
	{"TOS", C.ZMQ_TOS, Int, "rw"},
	{"IPC_FILTER_PID", C.ZMQ_IPC_FILTER_PID, Int, "w"},
	{"IPC_FILTER_UID", C.ZMQ_IPC_FILTER_UID, Int, "w"},
	{"IPC_FILTER_GID", C.ZMQ_IPC_FILTER_GID, Int, "w"},
	{"CONNECT_ROUTING_ID", C.ZMQ_CONNECT_ROUTING_ID, Binary, "w"},
	{"GSSAPI_SERVER", C.ZMQ_GSSAPI_SERVER, Int, "rw"},
	{"GSSAPI_PRINCIPAL", C.ZMQ_GSSAPI_PRINCIPAL, Text, "rw"},
	{"GSSAPI_SERVICE_PRINCIPAL", C.ZMQ_GSSAPI_SERVICE_PRINCIPAL, Text, "rw"},
	{"GSSAPI_PLAINTEXT", C.ZMQ_GSSAPI_PLAINTEXT, Int, "rw"},
	{"GSSAPI_PRINCIPAL_NAMETYPE", C.ZMQ_GSSAPI_PRINCIPAL_NAMETYPE, Int, "rw"},
	{"GSSAPI_SERVICE_PRINCIPAL_NAMETYPE", C.ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE, Int, "rw"},
	{"HANDSHAKE_IVL", C.ZMQ_HANDSHAKE_IVL, Int, "rw"},
	{"SOCKS_PROXY", C.ZMQ_SOCKS_PROXY, Text, "rw"},
	{"XPUB_NODROP", C.ZMQ_XPUB_NODROP, Int, "w"},
	{"XPUB_MANUAL", C.ZMQ_XPUB_MANUAL, Int, "w"},
	{"XPUB_WELCOME_MSG", C.ZMQ_XPUB_WELCOME_MSG, Binary, "w"},
	{"XPUB_VERBOSER", C.ZMQ_XPUB_VERBOSER, Int, "w"},
	{"STREAM_NOTIFY", C.ZMQ_STREAM_NOTIFY, Int, "w"},
	{"INVERT_MATCHING", C.ZMQ_INVERT_MATCHING, Int, "rw"},
	{"HEARTBEAT_IVL", C.ZMQ_HEARTBEAT_IVL, Int, "rw"},
	{"HEARTBEAT_TTL", C.ZMQ_HEARTBEAT_TTL, Int, "rw"},
	{"HEARTBEAT_TIMEOUT", C.ZMQ_HEARTBEAT_TIMEOUT, Int, "rw"},
	{"CONNECT_TIMEOUT", C.ZMQ_CONNECT_TIMEOUT, Int, "rw"},
	{"TCP_MAXRT", C.ZMQ_TCP_MAXRT, Int, "rw"},
	{"THREAD_SAFE", C.ZMQ_THREAD_SAFE, Int, "r"},
	{"MULTICAST_MAXTPDU", C.ZMQ_MULTICAST_MAXTPDU, Int, "rw"},
	{"VMCI_BUFFER_SIZE", C.ZMQ_VMCI_BUFFER_SIZE, Uint64, "rw"},
	{"VMCI_BUFFER_MIN_SIZE", C.ZMQ_VMCI_BUFFER_MIN_SIZE, Uint64, "rw"},
	{"VMCI_BUFFER_MAX_SIZE", C.ZMQ_VMCI_BUFFER_MAX_SIZE, Uint64, "rw"},
	{"VMCI_CONNECT_TIMEOUT", C.ZMQ_VMCI_CONNECT_TIMEOUT, Int, "rw"},
	{"USE_FD", C.ZMQ_USE_FD, Int, "rw"},
	{"BINDTODEVICE", C.ZMQ_BINDTODEVICE, Text, "rw"},
}

// Aliases are the older names of some options.
var Aliases = map[string]string{
	"IDENTITY": "ROUTING_ID", "CONNECT_RID": "CONNECT_ROUTING_ID",
	"DELAY_ATTACH_ON_CONNECT": "IMMEDIATE", "FAIL_UNROUTABLE": "ROUTER_MANDATORY",
	"ROUTER_BEHAVIOR": "ROUTER_MANDATORY",
}

var byName, byNumber = map[string]*Option{}, map[int]*Option{}

func init() {
	for i := range Options {
		o := &Options[i]
		byName[o.Name], byNumber[o.Number] = o, o
	}
	for alias, name := range Aliases {
		byName[alias] = byName[name]
	}
}

// OptionByName finds an option by its name, in capitals or not; nil if there is none.
func OptionByName(name string) *Option { return byName[strings.ToUpper(name)] }

// OptionByNumber finds an option by its number; nil if there is none.
func OptionByNumber(n int) *Option { return byNumber[n] }

// Wants says what Check accepts for a value, in words.
func (o *Option) Wants() string {
	switch o.Kind {
	case Int, Int64, Uint64:
		return "whole number"
	case Key:
		return "key of 32 bytes, or of 40 characters in Z85,"
	}
	return "string"
}

// Check reports whether a value (float64, bool or string) is of the option's type.
func (o *Option) Check(v any) bool {
	switch v := v.(type) {
	case bool:
		return o.Kind == Int
	case float64:
		return o.Kind <= Uint64 && v == math.Trunc(v) && o.fits(v)
	case string:
		if o.Kind == Key {
			return len(v) == 32 || len(v) == 40
		}
		return o.Kind == Binary || o.Kind == Text && !strings.Contains(v, "\x00")
	}
	return false
}

func (o *Option) fits(v float64) bool {
	switch o.Kind {
	case Int:
		return v >= math.MinInt32 && v <= math.MaxInt32
	case Uint64:
		return v >= 0 && v < 1<<63
	}
	return v >= -1<<63 && v < 1<<63
}

// Set sets an option to a value that Check has accepted.
func (s *Socket) Set(o *Option, v any) error {
	var err error
	switch v := v.(type) {
	case bool:
		n := 0.0
		if v {
			n = 1
		}
		return s.Set(o, n)
	case float64:
		err = s.setNumber(o, int64(v))
	case string:
		err = s.setBytes(o, v)
	}
	if o.Number == C.ZMQ_RCVTIMEO || o.Number == C.ZMQ_SNDTIMEO {
		s.timeouts()
	}
	return err
}

func (s *Socket) setNumber(o *Option, v int64) error {
	size := C.size_t(8)
	small := C.int(v)
	p := unsafe.Pointer(&v)
	if o.Kind == Int {
		size, p = 4, unsafe.Pointer(&small)
	}
	return s.set(o, p, size)
}

func (s *Socket) setBytes(o *Option, v string) error {
	if len(v) == 0 && o.Kind == Text {
		return s.set(o, nil, 0)
	}
	b := append([]byte(v), 0) // Z85 is read up to its end
	size := C.size_t(len(v))
	if o.Kind == Key && len(v) == 40 {
		size++
	}
	return s.set(o, unsafe.Pointer(&b[0]), size)
}

func (s *Socket) set(o *Option, p unsafe.Pointer, size C.size_t) error {
	n, err := C.zmq_setsockopt(s.raw(), C.int(o.Number), p, size)
	if n == 0 {
		err = nil
	}
	return s.used(err)
}

// Get returns an option's value: an int, uint64, float64 or string.
func (s *Socket) Get(o *Option) (any, error) {
	switch o.Kind {
	case Int:
		n, err := s.getNumber(o.Number, 4)
		return float64(n), err
	case Int64:
		n, err := s.getNumber(o.Number, 8)
		return float64(n), err
	case Uint64:
		n, err := s.getNumber(o.Number, 8)
		return float64(uint64(n)), err
	case Key:
		text, err := s.getBytes(o.Number, 41)
		return strings.TrimSuffix(text, "\x00"), err
	case Text:
		text, err := s.getBytes(o.Number, 4096)
		return strings.TrimSuffix(text, "\x00"), err
	}
	return s.getBytes(o.Number, 256)
}

func (s *Socket) getNumber(option int, size C.size_t) (int64, error) {
	var wide int64
	var small C.int
	p := unsafe.Pointer(&wide)
	if size == 4 {
		p = unsafe.Pointer(&small)
	}
	n, err := C.zmq_getsockopt(s.raw(), C.int(option), p, &size)
	for n != 0 && err == syscall.EINTR { // EVENTS looks at the socket's commands
		n, err = C.zmq_getsockopt(s.raw(), C.int(option), p, &size)
	}
	if n == 0 {
		err = nil
	}
	return wide + int64(small), s.used(err)
}

func (s *Socket) getBytes(option, room int) (string, error) {
	b := make([]byte, room)
	size := C.size_t(room)
	n, err := C.zmq_getsockopt(s.raw(), C.int(option), unsafe.Pointer(&b[0]), &size)
	if n != 0 {
		return "", s.used(err)
	}
	return string(b[:size]), s.used(nil)
}

// LastEndpoint returns where the socket was bound or connected last.
func (s *Socket) LastEndpoint() (string, error) {
	v, err := s.Get(byName["LAST_ENDPOINT"])
	if err != nil {
		return "", err
	}
	return v.(string), nil
}
