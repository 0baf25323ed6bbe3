package tests

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func openELF(t *testing.T, so string) *elf.File {
	t.Helper()
	f, err := elf.Open(so)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// dynamic returns the dynamic symbols that the file defines, or those that it asks for.
func dynamic(t *testing.T, f *elf.File, defined bool) (names []string) {
	t.Helper()
	symbols, err := f.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if (s.Section != elf.SHN_UNDEF) == defined {
			names = append(names, s.Name)
		}
	}
	return names
}

// The interpreter brings Lua: a second one in the process would be the end of both.
func TestSharedObjectBringsNoLua(t *testing.T) {
	f := openELF(t, sharedObject(t))
	libraries, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range libraries {
		if strings.Contains(name, "lua") {
			t.Errorf("it needs %s", name)
		}
	}
	for _, part := range []string{"libuv.so", "libzmq.so"} {
		if !slices.ContainsFunc(libraries, func(s string) bool { return strings.HasPrefix(s, part) }) {
			t.Errorf("it does not need %s, only %v", part, libraries)
		}
	}
	if wanted := dynamic(t, f, false); !slices.Contains(wanted, "lua_resume") {
		t.Error("it does not ask its host for lua_resume")
	}
}

func TestSharedObjectExports(t *testing.T) {
	got := slices.Sorted(slices.Values(dynamic(t, openELF(t, sharedObject(t)), true)))
	if !slices.Equal(got, []string{"luaopen_luv", "luaopen_luv_compat", "luaopen_luv_socket", "luaopen_luv_socket_unix", "luaopen_luv_ssl"}) {
		t.Errorf("it exports %v", got)
	}
}

// Go's runtime cannot be unmapped.
func TestSharedObjectStaysLoaded(t *testing.T) {
	flags, err := openELF(t, sharedObject(t)).DynValue(elf.DT_FLAGS_1)
	if err != nil {
		t.Fatal(err)
	}
	if len(flags) == 0 || elf.DynFlag1(flags[0])&elf.DF_1_NODELETE == 0 {
		t.Errorf("it is without NODELETE: flags %x", flags)
	}
}

const first = `
	local luv = require("luv")
	local a, b = luv.net.socketpair()
	luv.spawn(function() luv.sleep(0.001) b:write("read") end)
	local n, s = a:read()
	print(n, s, luv.pcall(luv.sleep, 0.001))`

// runs tells whether a Lua program finds luv.so and gets through the first script.
func runs(t *testing.T, lua, so string) {
	t.Helper()
	cmd := exec.Command(lua, "-e", first)
	cmd.Env = where(so)
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "4\tread\ttrue\ttrue\n" {
		t.Errorf("%s: %v\n%s", lua, err, out)
	}
}

func TestSharedObjectLoads(t *testing.T) {
	for _, lua := range interpreters(t) {
		runs(t, lua, sharedObject(t))
	}
}

// The command that stands in luv.go: no tag, no flag. It asks for liblua by name, and
// what golua and cgo define is seen from outside, but of luv's own nothing more than above.
func TestPlainBuild(t *testing.T) {
	so := filepath.Join(t.TempDir(), "luv.so")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", so, ".")
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	if err := quietly(cmd); err != nil {
		t.Fatal(err)
	}
	for _, name := range dynamic(t, openELF(t, so), true) {
		if strings.HasPrefix(name, "luv") {
			t.Errorf("it exports %s", name)
		}
	}
	for _, lua := range interpreters(t) {
		runs(t, lua, so)
	}
}
