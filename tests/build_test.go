package tests

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// What the tests of this folder run is built once, in a folder of its own.
var build string

func TestMain(m *testing.M) {
	var err error
	if build, err = os.MkdirTemp("", "luv-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(build)
	os.Exit(code)
}

// root is the folder of the checkout.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// sharedObject builds luv.so as make does. With the variable LUV_SO set it is that file.
func sharedObject(t *testing.T) string {
	t.Helper()
	so, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return so
}

var buildOnce = sync.OnceValues(func() (string, error) {
	if so := os.Getenv("LUV_SO"); so != "" {
		return so, nil
	}
	so := filepath.Join(build, "luv.so")
	command, err := makesCommand()
	if err != nil {
		return "", err
	}
	return so, quietly(exec.Command("sh", "-c", strings.Replace(command, "-o luv.so", "-o "+so, 1)))
})

// makesCommand is what make runs to build luv.so.
func makesCommand() (string, error) {
	cmd := exec.Command("make", "-n", "luv.so")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	out, err := cmd.Output()
	if err != nil {
		return "", err
	}
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "-buildmode=c-shared") && strings.Contains(line, "-o luv.so") {
			return line, nil
		}
	}
	return "", errors.New("make -n luv.so does not say how luv.so is built")
}

// quietly runs a command at the root of the checkout; what it prints is its error.
func quietly(cmd *exec.Cmd) error {
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.New(strings.Join(cmd.Args, " ") + ": " + err.Error() + "\n" + string(out))
	}
	return nil
}

// interpreters are the stand-alone Luas that are here, LUAS being what make calls them.
func interpreters(t *testing.T) []string {
	t.Helper()
	names := strings.Fields(os.Getenv("LUAS"))
	if len(names) == 0 {
		names = []string{"lua5.1", "luajit"}
	}
	var found []string
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		t.Skip("no Lua interpreter here")
	}
	return found
}

// script writes a Lua file that lives as long as the test.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.lua")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// where tells Lua, and the host of host_test.go, which luv.so to load.
func where(so string) []string {
	return append(os.Environ(), "LUA_CPATH="+filepath.Dir(so)+"/?.so", "LUV_SO="+so, "LUA_INIT=")
}
