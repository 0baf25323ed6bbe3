package uv_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luv/uv"
)

func TestCwd(t *testing.T) {
	want, err := filepath.EvalSymlinks(t.TempDir())
	ok(t, err)
	t.Chdir(want)
	got, err := uv.Cwd()
	ok(t, err)
	equal(t, "directory", got, want)
}

// A path that is longer than the first buffer.
func TestLongCwd(t *testing.T) {
	t.Chdir(t.TempDir())
	deep := strings.Repeat("d", 200)
	for range 8 {
		ok(t, os.Mkdir(deep, 0o755))
		ok(t, os.Chdir(deep))
	}
	got, err := uv.Cwd()
	ok(t, err)
	equal(t, "levels", strings.Count(got, deep), 8)
}

func TestExePath(t *testing.T) {
	want, err := os.Executable()
	ok(t, err)
	got, err := uv.ExePath()
	ok(t, err)
	equal(t, "program", got, want)
}

func TestTmpDirAndHomeDir(t *testing.T) {
	t.Setenv("TMPDIR", "/some/where/")
	t.Setenv("HOME", "/my/home")
	got, err := uv.TmpDir()
	ok(t, err)
	equal(t, "temporary", got, "/some/where")
	got, err = uv.HomeDir()
	ok(t, err)
	equal(t, "home", got, "/my/home")
}
