package uv

// #include <poll.h>
// #include <sys/socket.h>
// #include "pipe.h"
// #include "sockopt.h"
// #include "stream.h"
import "C"

import (
	"syscall"
	"unsafe"
)

// sockopt.go - options of sockets, as the bytes that the kernel takes.

// A SocketOption is what setsockopt is told.
type SocketOption struct {
	Level, Name int
	Value       []byte
}

// SetOptions sets the options of a descriptor, but for those of the other family.
func SetOptions(fd int, all []SocketOption) error {
	domain, _ := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, C.SO_DOMAIN)
	foreign := map[int]int{syscall.AF_INET: syscall.IPPROTO_IPV6, syscall.AF_INET6: syscall.IPPROTO_IP}
	for _, o := range all {
		if level, is := foreign[domain]; is && o.Level == level {
			continue
		}
		if err := setOption(fd, o); err != nil {
			return err
		}
	}
	return nil
}

func setOption(fd int, o SocketOption) error {
	if len(o.Value) == 0 {
		return EINVAL
	}
	_, _, e := syscall.Syscall6(syscall.SYS_SETSOCKOPT, uintptr(fd), uintptr(o.Level), uintptr(o.Name),
		uintptr(unsafe.Pointer(&o.Value[0])), uintptr(len(o.Value)), 0)
	return system(e)
}

func system(e syscall.Errno) error {
	if e != 0 {
		return FromSystem(int(e))
	}
	return nil
}

// SetOption sets an option.
func (h *Handle) SetOption(o SocketOption) error {
	fd, err := h.Fileno()
	if err != nil {
		return err
	}
	return setOption(fd, o)
}

// Option returns an option, of size bytes at most.
func (h *Handle) Option(level, name, size int) ([]byte, error) {
	fd, err := h.Fileno()
	if err != nil {
		return nil, err
	}
	value, n := make([]byte, size), uint32(size)
	_, _, e := syscall.Syscall6(syscall.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name),
		uintptr(unsafe.Pointer(&value[0])), uintptr(unsafe.Pointer(&n)), 0)
	return value[:n], system(e)
}

// SetOption sets an option; while the socket has no descriptor it is kept for the first one. Then,
// too, what the kernel would not take is an error now.
func (t *TCP) SetOption(o SocketOption) error {
	if !t.open() {
		return EBADF
	}
	if _, err := t.Fileno(); err == nil {
		return t.Handle.SetOption(o)
	}
	if err := tryOption(o); err != nil {
		return err
	}
	return check(C.luv__option_keep((*C.luv_stream)(ptr(t.o)), C.int(o.Level), C.int(o.Name),
		unsafe.Pointer(&o.Value[0]), C.size_t(len(o.Value))))
}

// tryOption sets it on a socket that is thrown away.
func tryOption(o SocketOption) error {
	domain := syscall.AF_INET
	if o.Level == syscall.IPPROTO_IPV6 {
		domain = syscall.AF_INET6
	}
	fd, err := syscall.Socket(domain, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return system(err.(syscall.Errno))
	}
	defer syscall.Close(fd)
	return setOption(fd, o)
}

// Option returns an option; while the socket has no descriptor, one that was set.
func (t *TCP) Option(level, name, size int) ([]byte, error) {
	for _, o := range t.Pending() {
		if o.Level == level && o.Name == name {
			return o.Value, nil
		}
	}
	return t.Handle.Option(level, name, size)
}

// Pending returns the options that are kept for the socket's first descriptor.
func (t *TCP) Pending() []SocketOption {
	if !t.open() {
		return nil
	}
	var all []SocketOption
	for o := (*C.luv_stream)(ptr(t.o)).options; o != nil; o = o.next {
		value := C.GoBytes(unsafe.Add(unsafe.Pointer(o), unsafe.Offsetof(o.n)+unsafe.Sizeof(o.n)), C.int(o.n))
		all = append(all, SocketOption{int(o.level), int(o.name), value})
	}
	return all
}

// ConnectEnded reports whether the kernel has ended an attempt to connect, one way or the other.
func (t *TCP) ConnectEnded() bool {
	if !t.open() {
		return false
	}
	return C.luv__poll_now((*C.luv_stream)(ptr(t.o)), C.POLLOUT) != 0
}

// Adopt takes over the descriptor of a TCP socket, connected, listening or neither; after an
// error it is still the caller's.
func (t *TCP) Adopt(fd int) error {
	if !t.open() {
		return EBADF
	}
	if _, err := t.Fileno(); err == nil || t.Connecting() {
		return EBUSY
	}
	kind, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE)
	if err != nil {
		return system(err.(syscall.Errno))
	}
	if kind != syscall.SOCK_STREAM {
		return EINVAL
	}
	if C.luv__fd_taken(t.o.S, C.int(fd)) != 0 {
		return EEXIST
	}
	return check(C.uv_tcp_open(t.tcp(), C.uv_os_sock_t(fd)))
}
