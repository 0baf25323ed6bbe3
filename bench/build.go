package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build.go - compiles the limits and the load into the temporary folder of this run, and
// takes a copy of luv.so there. The one rule: everything that is compared is built here,
// with the same compiler and the same flags, so no stale binary is ever measured.

var cflags = []string{"-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra"}

func (b *bench) build() error {
	so, err := os.ReadFile("luv.so")
	if err != nil {
		return errors.New("no luv.so in this folder: run make first, and this from where luv.so is")
	}
	if err := os.WriteFile(b.path("luv.so"), so, 0o755); err != nil {
		return err
	}
	programs := []struct{ out, source, pkg string }{
		{"load", "bench/load/load.c", ""},
		{"start", "bench/load/start.c", ""},
		{"echo", "bench/limit/echo.c", "libuv"},
		{"udp", "bench/limit/udp.c", "libuv"},
		{"udpload", "bench/load/udp.c", ""},
		{"sleep", "bench/limit/sleep.c", "libuv"},
		{"zmq", "bench/limit/zmq.c", "libzmq"},
		{"fs", "bench/limit/fs.c", "libuv"},
		{"spawn", "bench/limit/spawn.c", "libuv"},
	}
	for _, p := range programs {
		if err := b.cc(p.out, p.source, p.pkg); err != nil {
			return err
		}
	}
	for _, lua := range b.luas {
		if err := b.buildFor(lua); err != nil {
			return err
		}
	}
	return b.module()
}

// The limits of a fiber are those of the Lua it runs on.
func (b *bench) buildFor(lua string) error {
	if _, err := exec.LookPath(lua); err != nil {
		return err
	}
	for _, name := range []string{"switch", "create", "codec", "thread"} {
		if err := b.cc(name+"-"+lua, "bench/limit/"+name+".c", luaPackage(lua)); err != nil {
			return err
		}
	}
	return nil
}

// Distributions do not agree on what 5.1 is called.
func luaPackage(lua string) string {
	if isJIT(lua) {
		return "luajit"
	}
	for _, name := range []string{"lua5.1", "lua-5.1", "lua51"} {
		if exec.Command("pkg-config", "--exists", name).Run() == nil {
			return name
		}
	}
	return "lua5.1"
}

func isJIT(lua string) bool { return strings.Contains(filepath.Base(lua), "jit") }

func (b *bench) cc(out, source, pkg string) error {
	compiler := os.Getenv("CC")
	if compiler == "" {
		compiler = "cc"
	}
	args := append([]string{}, cflags...)
	args = append(args, source, "-o", b.path(out))
	if pkg != "" {
		flags, err := exec.Command("pkg-config", append([]string{"--cflags", "--libs"}, strings.Fields(pkg)...)...).Output()
		if err != nil {
			return fmt.Errorf("pkg-config %s: %w (run make deps)", pkg, err)
		}
		args = append(args, strings.Fields(string(flags))...)
	}
	return quietly(exec.Command(compiler, args...))
}

// The empty Go module, which require is measured against.
func (b *bench) module() error {
	cmd := exec.Command("go", "build", "-buildvcs=false", "-buildmode=c-shared",
		"-o", b.path("empty.so"), "./bench/limit/module")
	return quietly(cmd)
}

func quietly(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, filepath.Base(name)) }
