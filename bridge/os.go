package bridge

import (
	"math"
	"strings"

	"luv/lua"
	"luv/uv"
)

// mostRandom is how many bytes one call may ask for: it does not wait, so it must be soon done.
const mostRandom = 1 << 24

// record makes a table of names and values, in turn.
func record(namesAndValues ...any) lua.Table {
	t := make(lua.Table, 0, len(namesAndValues)/2)
	for i := 0; i < len(namesAndValues); i += 2 {
		t = append(t, lua.Pair{Key: namesAndValues[i], Value: namesAndValues[i+1]})
	}
	return t
}

// told makes a function without arguments that returns what find finds, as show shows it.
func told[T any](find func() (T, error), show func(T) any) func(*lua.Call) {
	return func(c *lua.Call) {
		v, err := find()
		if err != nil {
			c.Fail(err)
			return
		}
		c.Return(show(v))
	}
}

func asIs[T any](v T) any { return v }

// always gives find the form of what may fail.
func always[T any](find func() T) func() (T, error) {
	return func() (T, error) { return find(), nil }
}

// ---- the machine ---------------------------------------------------------------------

func showUname(u uv.Utsname) any {
	return record("sysname", u.Sysname, "release", u.Release, "version", u.Version, "machine", u.Machine)
}

// one, five, fifteen = luv.os.loadavg()
func loadavg(c *lua.Call) {
	avg := uv.LoadAvg()
	c.Return(avg[0], avg[1], avg[2])
}

func showCPUs(cpus []uv.CPUInfo) any {
	list := make(lua.List, 0, len(cpus))
	for _, p := range cpus {
		list = append(list, record("model", p.Model, "speed", p.Speed, "times",
			record("user", p.User, "nice", p.Nice, "sys", p.Sys, "idle", p.Idle, "irq", p.IRQ)))
	}
	return list
}

func showInterfaces(addresses []uv.InterfaceAddress) any {
	list := make(lua.List, 0, len(addresses))
	for _, a := range addresses {
		family := "inet"
		if a.Address.Is6() {
			family = "inet6"
		}
		list = append(list, record("name", a.Name, "is_internal", a.Internal, "family", family,
			"address", a.Address.String(), "netmask", a.Netmask.String(), "mac", a.Hardware.String()))
	}
	return list
}

func showRusage(r uv.Rusage) any {
	return record("utime", r.Utime, "stime", r.Stime, "maxrss", r.Maxrss, "ixrss", r.Ixrss,
		"idrss", r.Idrss, "isrss", r.Isrss, "minflt", r.Minflt, "majflt", r.Majflt, "nswap", r.Nswap,
		"inblock", r.Inblock, "oublock", r.Oublock, "msgsnd", r.Msgsnd, "msgrcv", r.Msgrcv,
		"nsignals", r.Nsignals, "nvcsw", r.Nvcsw, "nivcsw", r.Nivcsw)
}

// Those of 2012 stand in luv itself as well.
var (
	memTotal      = told(always(uv.TotalMemory), asIs)
	memFree       = told(always(uv.FreeMemory), asIs)
	cpuInfo       = told(uv.CPUs, showCPUs)
	interfaceAddr = told(uv.InterfaceAddresses, showInterfaces)
)

// ---- the environment -----------------------------------------------------------------

// zeroless returns a string that C can take.
func zeroless(c *lua.Call, i int) string {
	s := c.String(i)
	if strings.IndexByte(s, 0) >= 0 {
		c.Bad(i, "string without zeros expected")
	}
	return s
}

// variable returns the name of an environment variable: what may stand before the "=".
func variable(c *lua.Call, i int) string {
	name := zeroless(c, i)
	if name == "" || strings.IndexByte(name, '=') >= 0 {
		c.Bad(i, "name expected, neither empty nor with a '='")
	}
	return name
}

// value = luv.os.getenv(name)
func getenv(c *lua.Call) {
	name := variable(c, 1)
	value, err := uv.Getenv(name)
	if err != nil {
		c.Fail(err, name)
		return
	}
	c.Return(value)
}

// did ends a call that has nothing else to return.
func did(c *lua.Call, err error, subject ...string) {
	if err != nil {
		c.Fail(err, subject...)
		return
	}
	c.Return(true)
}

// true = luv.os.setenv(name, value)
func setenv(c *lua.Call) {
	name, value := variable(c, 1), zeroless(c, 2)
	did(c, uv.Setenv(name, value), name)
}

// true = luv.os.unsetenv(name)
func unsetenv(c *lua.Call) {
	name := variable(c, 1)
	did(c, uv.Unsetenv(name), name)
}

// Of two variables with the same name the first one counts, as it does for getenv.
func showEnviron(list [][2]string) any {
	seen := make(map[string]bool, len(list))
	t := make(lua.Table, 0, len(list))
	for _, e := range list {
		if !seen[e[0]] {
			seen[e[0]] = true
			t = append(t, lua.Pair{Key: e[0], Value: e[1]})
		}
	}
	return t
}

// ---- the process ---------------------------------------------------------------------

func showPasswd(p uv.Passwd) any {
	return record("username", p.Username, "uid", p.UID, "gid", p.GID, "shell", p.Shell, "homedir", p.Homedir)
}

var priorities = map[string]int{
	"low": uv.PriorityLow, "below_normal": uv.PriorityBelowNormal, "normal": uv.PriorityNormal,
	"above_normal": uv.PriorityAboveNormal, "high": uv.PriorityHigh, "highest": uv.PriorityHighest,
}

// n = luv.os.priority([pid]), n = luv.os.priority(pid, n or name)
func priority(c *lua.Call) {
	pid := c.OptInt(1, 0, 0, math.MaxInt32)
	if !c.Nil(2) {
		if err := uv.SetPriority(pid, niceness(c, 2)); err != nil {
			c.Fail(err)
			return
		}
	}
	n, err := uv.Priority(pid)
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(n)
}

func niceness(c *lua.Call, i int) int {
	if !c.IsString(i) {
		return c.Int(i, -20, 19)
	}
	n, known := priorities[c.String(i)]
	if !known {
		c.Bad(i, "low, below_normal, normal, above_normal, high, highest or a number expected")
	}
	return n
}

// bytes = luv.os.random(n)
func random(c *lua.Call) {
	bytes, err := uv.Random(c.Int(1, 0, mostRandom))
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(string(bytes))
}

// title = luv.os.title([title])
func title(c *lua.Call) {
	if !c.Nil(1) {
		if err := uv.SetProcessTitle(zeroless(c, 1)); err != nil {
			c.Fail(err)
			return
		}
	}
	told(uv.ProcessTitle, asIs)(c)
}

func init() {
	lua.Register(lua.Module{
		Name: "luv.os",
		Funcs: []lua.Func{
			{Name: "uname", Go: told(uv.Uname, showUname)},
			{Name: "hostname", Go: told(uv.Hostname, asIs)},
			{Name: "uptime", Go: told(uv.Uptime, asIs)},
			{Name: "loadavg", Go: loadavg},
			{Name: "gettimeofday", Face: "os_gettimeofday"},
			{Name: "cpu_info", Go: cpuInfo},
			{Name: "available_parallelism", Go: told(always(uv.AvailableParallelism), asIs)},
			{Name: "interface_addresses", Go: interfaceAddr},
			{Name: "mem_total", Go: memTotal},
			{Name: "mem_free", Go: memFree},
			{Name: "mem_constrained", Go: told(always(uv.ConstrainedMemory), asIs)},
			{Name: "rss", Go: told(uv.ResidentSetMemory, asIs)},
			{Name: "rusage", Go: told(uv.Getrusage, showRusage)},
			{Name: "getenv", Args: 1, Go: getenv},
			{Name: "setenv", Args: 2, Go: setenv},
			{Name: "unsetenv", Args: 1, Go: unsetenv},
			{Name: "environ", Go: told(uv.Environ, showEnviron)},
			{Name: "homedir", Go: told(uv.HomeDir, asIs)},
			{Name: "tmpdir", Go: told(uv.TmpDir, asIs)},
			{Name: "getpid", Go: told(always(uv.Getpid), asIs)},
			{Name: "getppid", Go: told(always(uv.Getppid), asIs)},
			{Name: "passwd", Go: told(uv.GetPasswd, showPasswd)},
			{Name: "priority", Args: 2, Go: priority},
			{Name: "random", Args: 1, Go: random},
			{Name: "title", Args: 1, Go: title},
		},
	})
}
