package uv_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"luv/uv"
)

func TestUnameAndHostname(t *testing.T) {
	u, err := uv.Uname()
	ok(t, err)
	for flag, got := range map[string]string{"-s": u.Sysname, "-r": u.Release, "-v": u.Version, "-m": u.Machine} {
		out, err := exec.Command("uname", flag).Output()
		ok(t, err)
		equal(t, "uname "+flag, got, strings.TrimSpace(string(out)))
	}
	want, err := os.Hostname()
	ok(t, err)
	got, err := uv.Hostname()
	ok(t, err)
	equal(t, "hostname", got, want)
}

func TestMachine(t *testing.T) {
	up, err := uv.Uptime()
	ok(t, err)
	if up <= 0 {
		t.Errorf("up for %v s", up)
	}
	for _, avg := range uv.LoadAvg() {
		if avg < 0 {
			t.Errorf("load %v", avg)
		}
	}
	cpus, err := uv.CPUs()
	ok(t, err)
	if len(cpus) < uv.AvailableParallelism() {
		t.Errorf("%d CPUs, of which %d may be used", len(cpus), uv.AvailableParallelism())
	}
	for _, c := range cpus {
		if c.User+c.Sys+c.Idle == 0 {
			t.Errorf("a CPU that did nothing: %+v", c)
		}
	}
}

func TestInterfaceAddresses(t *testing.T) {
	list, err := uv.InterfaceAddresses()
	ok(t, err)
	for _, a := range list {
		in, err := net.InterfaceByName(strings.SplitN(a.Name, ":", 2)[0])
		ok(t, err)
		equal(t, a.Name+" is internal", a.Internal, in.Flags&net.FlagLoopback != 0)
		if !a.Internal {
			equal(t, a.Name, a.Hardware.String(), in.HardwareAddr.String())
		}
		if a.Address.String() == "127.0.0.1" {
			equal(t, "netmask", a.Netmask.String(), "255.0.0.0")
		}
	}
}

func TestMemory(t *testing.T) {
	total, rss := uv.TotalMemory(), uint64(0)
	rss, err := uv.ResidentSetMemory()
	ok(t, err)
	if total == 0 || uv.FreeMemory() > total || uv.ConstrainedMemory() > total || rss == 0 || rss > total {
		t.Errorf("total %d, free %d, limit %d, in use %d", total, uv.FreeMemory(), uv.ConstrainedMemory(), rss)
	}
	before, err := uv.Getrusage()
	ok(t, err)
	for n := 0; ; n++ {
		r, err := uv.Getrusage()
		ok(t, err)
		if r.Utime+r.Stime > before.Utime+before.Stime {
			break
		}
		if n == 100e6 {
			t.Fatal("so much work took no time")
		}
	}
	if before.Maxrss == 0 || before.Minflt == 0 {
		t.Errorf("no memory was used: %+v", before)
	}
}

func TestEnvironment(t *testing.T) {
	name, value := "LUV_TEST_ENV", "a=b\n\xff\xfe "+strings.Repeat("x", 1000)
	ok(t, uv.Setenv(name, value))
	got, err := uv.Getenv(name)
	ok(t, err)
	equal(t, "value", got, value)
	all, err := uv.Environ()
	ok(t, err)
	found := false
	for _, e := range all {
		found = found || e[0] == name && e[1] == value
	}
	equal(t, "found in the list", found, true)
	ok(t, uv.Unsetenv(name))
	ok(t, uv.Unsetenv(name))
	_, err = uv.Getenv(name)
	equal(t, "error", err, error(uv.ENOENT))
	for _, err := range []error{uv.Setenv("a\x00b", ""), uv.Setenv("a", "\x00"), uv.Unsetenv("\x00"), uv.Setenv("", "x"), uv.Setenv("a=b", "x")} {
		equal(t, "error", err, error(uv.EINVAL))
	}
}

// Each Setenv may move what the others read.
func TestEnvironmentOfManyThreads(t *testing.T) {
	var all sync.WaitGroup
	for id := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range 200 {
				name := "LUV_TEST_" + strconv.Itoa(id) + "_" + strconv.Itoa(n)
				err := errors.Join(uv.Setenv(name, name), uv.Setenv(name, name+name))
				got, e := uv.Getenv(name)
				list, e2 := uv.Environ()
				if err = errors.Join(err, e, e2, uv.Unsetenv(name)); err != nil || got != name+name || len(list) == 0 {
					t.Errorf("%q, %d variables, %v", got, len(list), err)
					return
				}
			}
		}()
	}
	all.Wait()
}

func TestProcess(t *testing.T) {
	equal(t, "pid", uv.Getpid(), os.Getpid())
	equal(t, "parent", uv.Getppid(), os.Getppid())
	if p, err := uv.GetPasswd(); err != uv.ENOENT {
		ok(t, err)
		equal(t, "user", p.UID, uint64(os.Geteuid()))
	}
	n, err := uv.Priority(0)
	ok(t, err)
	ok(t, uv.SetPriority(0, n))
	_, err = uv.Priority(1 << 30)
	equal(t, "error", err, error(uv.ESRCH))
	equal(t, "error", uv.SetPriority(0, 20), error(uv.EINVAL))
}

func TestRandom(t *testing.T) {
	for _, n := range []int{0, 1, 4096, 1 << 20} {
		a, err := uv.Random(n)
		ok(t, err)
		b, err := uv.Random(n)
		ok(t, err)
		equal(t, "bytes", len(a), n)
		equal(t, "twice the same", n > 1 && string(a) == string(b), false)
	}
}

func TestProcessTitle(t *testing.T) {
	old, err := uv.ProcessTitle()
	ok(t, err)
	if old == "" {
		t.Error("a program without a name")
	}
	for _, title := range []string{"luv", "", strings.Repeat("long ", 1e5), old} {
		ok(t, uv.SetProcessTitle(title))
		got, err := uv.ProcessTitle()
		ok(t, err)
		if !strings.HasPrefix(title, got) || got == "" && title != "" {
			t.Errorf("title %.40q, want %.40q", got, title)
		}
	}
	equal(t, "error", uv.SetProcessTitle("a\x00b"), error(uv.EINVAL))
}
