package uv

// #include "luv.h"
// extern int luv__go_getaddrinfo(uv_loop_t *loop, uint64_t go, const char *node, const char *service, const struct addrinfo *hints);
import "C"

import (
	"net/netip"
	"unsafe"
)

// An AddrInfo is one answer of GetAddrInfo.
type AddrInfo struct {
	Addr     netip.AddrPort
	Socktype int
	Protocol int
}

// Hints narrow the answers of GetAddrInfo; 0 asks for any.
type Hints struct {
	Family, Socktype, Protocol int
}

// GetAddrInfo resolves a name in libuv's thread pool, as the system's own resolver does,
// and calls f with the answers, in the system's order. Either name may be empty.
func GetAddrInfo(l *Loop, node, service string, hints Hints, f func([]AddrInfo, error)) error {
	if l.l == nil {
		return EBADF
	}
	var h C.struct_addrinfo
	h.ai_family = C.int(hints.Family)
	h.ai_socktype = C.int(hints.Socktype)
	h.ai_protocol = C.int(hints.Protocol)
	n, s := optional(node), optional(service)
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(s))
	r := newRequest(func(a int64, p uintptr) {
		if a < 0 {
			f(nil, Errno(a))
			return
		}
		f(addresses(*(**C.struct_addrinfo)(unsafe.Pointer(&p))), nil)
	})
	return r.begun(C.luv__go_getaddrinfo(l.l, C.uint64_t(r.slot), n, s, &h))
}

func optional(s string) *C.char {
	if s == "" {
		return nil
	}
	return C.CString(s)
}

func addresses(list *C.struct_addrinfo) []AddrInfo {
	var all []AddrInfo
	for ; list != nil; list = list.ai_next {
		if a, err := addrPort(list.ai_addr); err == nil {
			all = append(all, AddrInfo{a, int(list.ai_socktype), int(list.ai_protocol)})
		}
	}
	return all
}
