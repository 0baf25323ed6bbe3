package uv

// #include "luv.h"
import "C"

import (
	"net/netip"
	"strconv"
	"unsafe"
)

// sockaddr turns an address into C's form. IPv6 zones go by interface name or index; of
// the two libuv reads only the name.
func sockaddr(a netip.AddrPort) (*C.struct_sockaddr, error) {
	ss := new(C.struct_sockaddr_storage)
	ip := C.CString(a.Addr().String())
	defer C.free(unsafe.Pointer(ip))
	var r C.int
	if a.Addr().Is4() {
		r = C.uv_ip4_addr(ip, C.int(a.Port()), (*C.struct_sockaddr_in)(ptr(ss)))
	} else {
		in6 := (*C.struct_sockaddr_in6)(ptr(ss))
		r = C.uv_ip6_addr(ip, C.int(a.Port()), in6)
		if n, err := strconv.ParseUint(a.Addr().Zone(), 10, 32); err == nil {
			in6.sin6_scope_id = C.uint32_t(n)
		}
	}
	return (*C.struct_sockaddr)(ptr(ss)), check(r)
}

// RawAddr returns an address in C's form.
func RawAddr(a netip.AddrPort) (string, error) {
	sa, err := sockaddr(a)
	if err != nil {
		return "", err
	}
	n := C.int(C.sizeof_struct_sockaddr_in6)
	if a.Addr().Is4() {
		n = C.sizeof_struct_sockaddr_in
	}
	return string(C.GoBytes(ptr(sa), n)), nil
}

// addrPort is the way back.
func addrPort(sa *C.struct_sockaddr) (netip.AddrPort, error) {
	var text [64]C.char
	if r := C.uv_ip_name(sa, &text[0], C.size_t(len(text))); r < 0 {
		return netip.AddrPort{}, Errno(r)
	}
	ip, err := netip.ParseAddr(C.GoString(&text[0]))
	if err != nil {
		return netip.AddrPort{}, EINVAL
	}
	if ip.Is6() {
		ip = ip.WithZone(zone((*C.struct_sockaddr_in6)(ptr(sa)).sin6_scope_id))
	}
	// The port stands at the same place in both families, in network order.
	p := (*C.struct_sockaddr_in)(ptr(sa)).sin_port
	return netip.AddrPortFrom(ip, uint16(p)>>8|uint16(p)<<8), nil
}

// zone returns the name of an interface, without which a link-local address is nowhere.
func zone(scope C.uint32_t) string {
	if scope == 0 {
		return ""
	}
	var name [C.UV_IF_NAMESIZE]C.char
	size := C.size_t(len(name))
	if C.uv_if_indextoname(C.uint(scope), &name[0], &size) < 0 {
		return strconv.Itoa(int(scope))
	}
	return C.GoStringN(&name[0], C.int(size))
}
