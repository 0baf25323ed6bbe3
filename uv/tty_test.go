package uv_test

import (
	"os"
	"syscall"
	"testing"
	"unsafe"

	"luv/uv"
)

// terminal returns both sides of a new terminal.
func terminal(t *testing.T) (master *os.File, slave int) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { master.Close() })
	var unlock, number int32
	ioctl(t, master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	ioctl(t, master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	name := "/dev/pts/" + itoa(int(number))
	slave, err = syscall.Open(name, syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	ok(t, err)
	return master, slave
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func ioctl(t *testing.T, f *os.File, what uintptr, p unsafe.Pointer) {
	t.Helper()
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), what, uintptr(p)); e != 0 {
		t.Fatal(e)
	}
}

// typesLines reports whether the terminal echoes, which no raw one does.
func typesLines(t *testing.T, master *os.File) bool {
	t.Helper()
	var mode syscall.Termios
	ioctl(t, master, syscall.TCGETS, unsafe.Pointer(&mode))
	return mode.Lflag&syscall.ECHO != 0 && mode.Lflag&syscall.ICANON != 0
}

func TestTTYModes(t *testing.T) {
	l := newLoop(t)
	master, fd := terminal(t)
	tty, err := uv.NewTTY(l, fd)
	ok(t, err)
	for _, mode := range []uv.TTYMode{uv.TTYRaw, uv.TTYIO} {
		ok(t, tty.SetMode(mode))
		equal(t, "lines", typesLines(t, master), false)
		ok(t, tty.SetMode(uv.TTYNormal))
		equal(t, "lines", typesLines(t, master), true)
	}
	ok(t, tty.SetMode(uv.TTYRaw))
	tty.Close()
	equal(t, "lines after close", typesLines(t, master), true)
	fails(t, tty.SetMode(uv.TTYRaw), uv.EBADF)
	_, _, err = tty.Winsize()
	fails(t, err, uv.EBADF)
	run(t, l)
}

func TestTTYSizeAndBytes(t *testing.T) {
	l := newLoop(t)
	master, fd := terminal(t)
	size := [4]uint16{50, 132}
	ioctl(t, master, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	tty, err := uv.NewTTY(l, fd)
	ok(t, err)
	w, h, err := tty.Winsize()
	ok(t, err)
	equal(t, "size", [2]int{w, h}, [2]int{132, 50})
	got := ""
	ok(t, tty.ReadStart(func(data []byte, err error) {
		got += string(data)
		tty.Close()
	}))
	master.WriteString("a line\n")
	run(t, l)
	equal(t, "read", got, "a line\n")
}

func TestTTYOfNoTerminal(t *testing.T) {
	l := newLoop(t)
	file, err := os.Open("tty_test.go")
	ok(t, err)
	defer file.Close()
	_, err = uv.NewTTY(l, int(file.Fd()))
	fails(t, err, uv.ENOTTY)
	_, err = uv.NewTTY(l, 98765)
	fails(t, err, uv.EBADF)
	run(t, l)
}
