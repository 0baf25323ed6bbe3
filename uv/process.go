package uv

// #include "luv.h"
// #include "luvprocess.h"
import "C"

import (
	"syscall"
	"unsafe"
)

// A Process is a child of this process: in a loop of a Lua state one of luv's own, which is
// born without a copy of this process's page tables, else a uv_process_t.
type Process struct{ Handle }

// ProcessOptions say what Spawn shall run.
type ProcessOptions struct {
	File       string   // a path, or a name that is looked for in PATH
	Args       []string // the first is the child's name for itself
	Env        []string // "NAME=value"; nil: as ours
	Cwd        string   // "": as ours
	Stdio      []int    // descriptors for 0, 1, 2 ... of the child; -1: /dev/null, above 2 none
	Detached   bool     // leads a session of its own
	UID, GID   uint32
	SetU, SetG bool

	EndsWithParent bool // is killed when this process ends
	Terminal       bool // descriptor 0 becomes the terminal of a session that it leads
}

// cStrings are strings in C's memory, and NULL behind them.
type cStrings []*C.char

func newStrings(list []string) cStrings {
	all := make(cStrings, 0, len(list)+1)
	for _, s := range list {
		all = append(all, C.CString(s))
	}
	return append(all, nil)
}

func (all cStrings) free() {
	for _, s := range all {
		C.free(unsafe.Pointer(s))
	}
}

// array copies the pointers into C's memory, too.
func (all cStrings) array() **C.char {
	size := C.size_t(len(all)) * C.size_t(unsafe.Sizeof(all[0]))
	p := (**C.char)(C.malloc(size))
	copy(unsafe.Slice(p, len(all)), all)
	return p
}

// Spawn starts a child. When it ends exited is called; with nil the fibers of a Lua state
// can wait for it.
func Spawn(l *Loop, o *ProcessOptions, exited func(code int64, signal int)) (*Process, error) {
	if l.l == nil {
		return nil, EBADF
	}
	words := newStrings([]string{o.File, o.Cwd})
	args, env := newStrings(o.Args), newStrings(o.Env)
	defer words.free()
	defer args.free()
	defer env.free()
	argv, envp := args.array(), env.array()
	defer C.free(unsafe.Pointer(argv))
	defer C.free(unsafe.Pointer(envp))
	c := (*C.luv_spawn_options)(C.calloc(1, C.sizeof_luv_spawn_options))
	if c == nil {
		return nil, ENOMEM
	}
	defer C.free(unsafe.Pointer(c))
	c.file, c.argv = words[0], argv
	if o.Cwd != "" {
		c.cwd = words[1]
	}
	if o.Env != nil {
		c.env = envp
	}
	fds := descriptors(o.Stdio)
	defer C.free(unsafe.Pointer(fds))
	c.fds, c.nfds = fds, C.int(max(len(o.Stdio), 3))
	c.detached, c.set_uid, c.set_gid = flag(o.Detached), flag(o.SetU), flag(o.SetG)
	c.ends_with_parent, c.terminal = flag(o.EndsWithParent), flag(o.Terminal)
	c.uid, c.gid = C.uint32_t(o.UID), C.uint32_t(o.GID)
	return spawn(l, c, exited)
}

func descriptors(stdio []int) *C.int {
	n := max(len(stdio), 3)
	p := (*C.int)(C.malloc(C.size_t(n) * C.sizeof_int))
	for i := range unsafe.Slice(p, n) {
		fd := -1
		if i < len(stdio) {
			fd = stdio[i]
		}
		unsafe.Slice(p, n)[i] = C.int(fd)
	}
	return p
}

func spawn(l *Loop, c *C.luv_spawn_options, exited func(int64, int)) (*Process, error) {
	var err C.int
	p := new(Process)
	o := C.luv__process_spawn((*C.luv_state)(l.l.data), l.l, c, &err)
	if o == nil {
		return nil, Errno(err)
	}
	if err := p.made(o); err != nil {
		return nil, err
	}
	if exited != nil {
		p.listen(func(_ int, code int64, signal uintptr) { exited(code, int(signal)) })
	}
	return p, nil
}

// ProcessOf returns the process behind an object of package lua.
func ProcessOf(obj uintptr) *Process { return &Process{Handle{o: object(obj)}} }

func (p *Process) process() *C.luv_process { return (*C.luv_process)(unsafe.Pointer(p.o)) }

// Pid returns the child's process number, 0 when the process is closed.
func (p *Process) Pid() int {
	if !p.open() {
		return 0
	}
	return int(p.process().pid)
}

// Kill sends the child a signal. ESRCH: it has ended, and its number may be another's.
func (p *Process) Kill(signum int) error {
	if !p.open() {
		return EBADF
	}
	if p.process().exited != 0 {
		return FromSystem(int(syscall.ESRCH))
	}
	return check(C.uv_kill(C.int(p.process().pid), C.int(signum)))
}

// Exit returns how the child has ended; false: it runs.
func (p *Process) Exit() (code int64, signal int, ended bool) {
	if !p.open() || p.process().exited == 0 {
		return 0, 0, false
	}
	return int64(p.process().code), int(p.process().signal), true
}

// ChildFd returns the descriptor of an object of package lua for a child to have. With own
// it is a copy, to be closed after Spawn.
func ChildFd(obj uintptr) (fd int, own bool, err error) {
	var mine C.int
	n := C.luv__object_fd(object(obj), &mine)
	return int(n), mine != 0, check(n)
}

// FileFd returns the descriptor of a C FILE, after what it holds back has been written.
func FileFd(file uintptr) (int, error) {
	n := C.luv__stdio_fd(*(**C.FILE)(unsafe.Pointer(&file)))
	return int(n), check(n)
}

// DisableStdioInheritance keeps children from inheriting what this process has inherited.
func DisableStdioInheritance() { C.uv_disable_stdio_inheritance() }

// ChildSocketpair returns the ends of a two-way pipe: ours, and one that blocks, as a child
// expects.
func ChildSocketpair() (ours, theirs int, err error) {
	var fds [2]C.uv_os_sock_t
	r := C.uv_socketpair(C.SOCK_STREAM, 0, &fds[0], C.UV_NONBLOCK_PIPE, 0)
	return int(fds[0]), int(fds[1]), check(r)
}
