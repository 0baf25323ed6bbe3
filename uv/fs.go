package uv

// #include "luv.h"
import "C"

// Cwd returns the working directory of the process.
func Cwd() (string, error) {
	return named(func(p *C.char, n *C.size_t) C.int { return C.uv_cwd(p, n) })
}

// ExePath returns the path of the running program.
func ExePath() (string, error) {
	return named(func(p *C.char, n *C.size_t) C.int { return C.uv_exepath(p, n) })
}

// TmpDir returns the directory for temporary files: of the environment, or /tmp.
func TmpDir() (string, error) {
	environment.RLock()
	defer environment.RUnlock()
	return named(func(p *C.char, n *C.size_t) C.int { return C.uv_os_tmpdir(p, n) })
}

// HomeDir returns the home directory of the user.
func HomeDir() (string, error) {
	environment.RLock()
	defer environment.RUnlock()
	return named(func(p *C.char, n *C.size_t) C.int { return C.uv_os_homedir(p, n) })
}

// named calls one of libuv's functions that write a path, with more room when it asks for it.
func named(f func(*C.char, *C.size_t) C.int) (string, error) {
	for size := 1024; ; size *= 2 {
		buf := make([]C.char, size)
		n := C.size_t(size)
		err := Errno(f(&buf[0], &n))
		if err == 0 {
			return C.GoStringN(&buf[0], C.int(n)), nil
		}
		if err != Errno(C.UV_ENOBUFS) || size > 1<<20 {
			return "", err
		}
	}
}
