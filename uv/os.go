package uv

// #include "luvprocess.h"
import "C"

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"unsafe"
)

// ---- the machine ---------------------------------------------------------------------

// A Utsname says what the system is.
type Utsname struct{ Sysname, Release, Version, Machine string }

// Uname returns what the system is.
func Uname() (Utsname, error) {
	var u C.uv_utsname_t
	if err := check(C.uv_os_uname(&u)); err != nil {
		return Utsname{}, err
	}
	return Utsname{C.GoString(&u.sysname[0]), C.GoString(&u.release[0]),
		C.GoString(&u.version[0]), C.GoString(&u.machine[0])}, nil
}

// Hostname returns the name of the machine.
func Hostname() (string, error) {
	return named(func(p *C.char, n *C.size_t) C.int { return C.uv_os_gethostname(p, n) })
}

// Uptime returns for how many seconds the machine has been running.
func Uptime() (float64, error) {
	var seconds C.double
	err := check(C.uv_uptime(&seconds))
	return float64(seconds), err
}

// LoadAvg returns how many processes wanted to run, on average over 1, 5 and 15 minutes.
func LoadAvg() [3]float64 {
	var avg [3]C.double
	C.uv_loadavg(&avg[0])
	return [3]float64{float64(avg[0]), float64(avg[1]), float64(avg[2])}
}

// A CPUInfo is one CPU: MHz, and what it did since the machine started, in milliseconds.
type CPUInfo struct {
	Model                      string
	Speed                      int
	User, Nice, Sys, Idle, IRQ uint64
}

// CPUs returns all CPUs of the machine.
func CPUs() ([]CPUInfo, error) {
	var infos *C.uv_cpu_info_t
	var n C.int
	if err := check(C.uv_cpu_info(&infos, &n)); err != nil {
		return nil, err
	}
	defer C.uv_free_cpu_info(infos, n)
	list := make([]CPUInfo, 0, int(n))
	for _, c := range unsafe.Slice(infos, int(n)) {
		t := c.cpu_times
		list = append(list, CPUInfo{C.GoString(c.model), int(c.speed), uint64(t.user),
			uint64(t.nice), uint64(t.sys), uint64(t.idle), uint64(t.irq)})
	}
	return list, nil
}

// An InterfaceAddress is one address of a network interface.
type InterfaceAddress struct {
	Name     string
	Internal bool       // nothing leaves the machine there
	Address  netip.Addr // with its zone, if it is link-local
	Netmask  netip.Addr
	Hardware net.HardwareAddr
}

// InterfaceAddresses returns every address of every interface that is up.
func InterfaceAddresses() ([]InterfaceAddress, error) {
	var infos *C.uv_interface_address_t
	var n C.int
	if err := check(C.uv_interface_addresses(&infos, &n)); err != nil {
		return nil, err
	}
	defer C.uv_free_interface_addresses(infos, n)
	var list []InterfaceAddress
	all := unsafe.Slice(infos, int(n))
	for i := range all {
		in := &all[i]
		address, err := addrPort((*C.struct_sockaddr)(ptr(&in.address)))
		if err != nil {
			continue // neither IPv4 nor IPv6
		}
		mask, _ := addrPort((*C.struct_sockaddr)(ptr(&in.netmask)))
		list = append(list, InterfaceAddress{C.GoString(in.name), in.is_internal != 0,
			address.Addr(), mask.Addr().WithZone(""), C.GoBytes(ptr(&in.phys_addr), 6)})
	}
	return list, nil
}

// ---- memory and usage ----------------------------------------------------------------

// TotalMemory returns how many bytes of memory the machine has.
func TotalMemory() uint64 { return uint64(C.uv_get_total_memory()) }

// FreeMemory returns how many bytes of it are to be had.
func FreeMemory() uint64 { return uint64(C.uv_get_free_memory()) }

// ConstrainedMemory returns the limit of this process's group, 0 when none is known.
func ConstrainedMemory() uint64 {
	limit := uint64(C.uv_get_constrained_memory())
	if limit > TotalMemory() {
		return 0 // the kernel's way to say that there is none
	}
	return limit
}

// ResidentSetMemory returns how many bytes of memory this process has in use.
func ResidentSetMemory() (uint64, error) {
	var n C.size_t
	err := check(C.uv_resident_set_memory(&n))
	return uint64(n), err
}

// A Rusage is what this process has used: seconds, kibibytes, counts.
type Rusage struct {
	Utime, Stime                                                float64
	Maxrss, Ixrss, Idrss, Isrss, Minflt, Majflt, Nswap, Inblock uint64
	Oublock, Msgsnd, Msgrcv, Nsignals, Nvcsw, Nivcsw            uint64
}

// Getrusage returns what this process has used.
func Getrusage() (Rusage, error) {
	var r C.uv_rusage_t
	err := check(C.uv_getrusage(&r))
	seconds := func(t C.uv_timeval_t) float64 { return float64(t.tv_sec) + float64(t.tv_usec)/1e6 }
	return Rusage{seconds(r.ru_utime), seconds(r.ru_stime),
		uint64(r.ru_maxrss), uint64(r.ru_ixrss), uint64(r.ru_idrss), uint64(r.ru_isrss),
		uint64(r.ru_minflt), uint64(r.ru_majflt), uint64(r.ru_nswap), uint64(r.ru_inblock),
		uint64(r.ru_oublock), uint64(r.ru_msgsnd), uint64(r.ru_msgrcv), uint64(r.ru_nsignals),
		uint64(r.ru_nvcsw), uint64(r.ru_nivcsw)}, err
}

// ---- the environment -----------------------------------------------------------------

// environment guards it for those who look twice: libuv counts before it copies. Whoever looks
// once, as C's getenv, needs no lock (csrc/process/os.c). Go's own os.Getenv has a copy of its own, which
// is not kept in step.
var environment sync.RWMutex

// cstrings copies strings to C; free frees them. One with a zero in it is EINVAL.
func cstrings(list ...string) (c []*C.char, free func(), err error) {
	for _, s := range list {
		if strings.IndexByte(s, 0) >= 0 {
			return nil, nil, EINVAL
		}
	}
	for _, s := range list {
		c = append(c, C.CString(s))
	}
	return c, func() {
		for _, p := range c {
			C.free(unsafe.Pointer(p))
		}
	}, nil
}

// Getenv returns the value of an environment variable; ENOENT: there is none.
func Getenv(name string) (string, error) {
	c, free, err := cstrings(name)
	if err != nil {
		return "", err
	}
	defer free()
	environment.RLock()
	defer environment.RUnlock()
	for size := C.size_t(256); ; {
		buf := make([]C.char, size)
		switch err := Errno(C.uv_os_getenv(c[0], &buf[0], &size)); err {
		case 0:
			return C.GoStringN(&buf[0], C.int(size)), nil
		case ENOBUFS: // size is now what it takes
		default:
			return "", err
		}
	}
}

// Setenv sets an environment variable.
func Setenv(name, value string) error {
	c, free, err := cstrings(name, value)
	if err != nil {
		return err
	}
	defer free()
	environment.Lock()
	defer environment.Unlock()
	return check(C.luv__setenv(c[0], c[1]))
}

// Unsetenv removes an environment variable, if there is one of that name.
func Unsetenv(name string) error {
	c, free, err := cstrings(name)
	if err != nil {
		return err
	}
	defer free()
	environment.Lock()
	defer environment.Unlock()
	return check(C.luv__unsetenv(c[0]))
}

// Environ returns all environment variables, each as its name and its value.
func Environ() ([][2]string, error) {
	environment.RLock()
	defer environment.RUnlock()
	var items *C.uv_env_item_t
	var n C.int
	if err := check(C.uv_os_environ(&items, &n)); err != nil {
		return nil, err
	}
	defer C.uv_os_free_environ(items, n)
	list := make([][2]string, 0, int(n))
	for _, e := range unsafe.Slice(items, int(n)) {
		list = append(list, [2]string{C.GoString(e.name), C.GoString(e.value)})
	}
	return list, nil
}

// ---- the process ---------------------------------------------------------------------

// Getpid returns the number of this process.
func Getpid() int { return int(C.uv_os_getpid()) }

// Getppid returns the number of the process that has started it, or has taken it over.
func Getppid() int { return int(C.uv_os_getppid()) }

// A Passwd is a user, as the system's database of users has it.
type Passwd struct {
	Username       string
	UID, GID       uint64
	Shell, Homedir string
}

// GetPasswd returns the user of this process; ENOENT: the system does not know it.
func GetPasswd() (Passwd, error) {
	var p C.uv_passwd_t
	if err := check(C.uv_os_get_passwd(&p)); err != nil {
		return Passwd{}, err
	}
	defer C.uv_os_free_passwd(&p)
	return Passwd{C.GoString(p.username), uint64(p.uid), uint64(p.gid),
		C.GoString(p.shell), C.GoString(p.homedir)}, nil
}

// The priorities that libuv has names for.
const (
	PriorityLow         = C.UV_PRIORITY_LOW
	PriorityBelowNormal = C.UV_PRIORITY_BELOW_NORMAL
	PriorityNormal      = C.UV_PRIORITY_NORMAL
	PriorityAboveNormal = C.UV_PRIORITY_ABOVE_NORMAL
	PriorityHigh        = C.UV_PRIORITY_HIGH
	PriorityHighest     = C.UV_PRIORITY_HIGHEST
)

// Priority returns the nice value of a process: 0 is the calling thread.
func Priority(pid int) (int, error) {
	var n C.int
	err := check(C.uv_os_getpriority(C.uv_pid_t(pid), &n))
	return int(n), err
}

// SetPriority sets it: from -20, the first to run, to 19.
func SetPriority(pid, n int) error {
	return check(C.uv_os_setpriority(C.uv_pid_t(pid), C.int(n)))
}

// Random returns n bytes that nobody can foretell.
func Random(n int) ([]byte, error) {
	buf := make([]byte, n)
	if n == 0 {
		return buf, nil
	}
	err := check(C.uv_random(nil, nil, unsafe.Pointer(&buf[0]), C.size_t(n), 0, nil))
	return buf, err
}

var setupArgs = sync.OnceFunc(func() { C.luv__setup_args() })

// ProcessTitle returns what ps shows this process as: at first the program's name.
func ProcessTitle() (string, error) {
	setupArgs()
	buf := make([]C.char, 1<<17)
	err := check(C.uv_get_process_title(&buf[0], C.size_t(len(buf))))
	return C.GoString(&buf[0]), err
}

// SetProcessTitle sets it, as far as there is room where the arguments stood.
func SetProcessTitle(title string) error {
	c, free, err := cstrings(title)
	if err != nil {
		return err
	}
	defer free()
	setupArgs()
	return check(C.uv_set_process_title(c[0]))
}
