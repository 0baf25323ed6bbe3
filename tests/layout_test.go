package tests

import (
	"bytes"
	"context"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// files returns the paths of the checkout that match a pattern, from its root.
func files(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(root(t), pattern))
	if err != nil || len(list) == 0 {
		t.Fatalf("no file is called %s: %v", pattern, err)
	}
	for i := range list {
		list[i], _ = filepath.Rel(root(t), list[i])
	}
	return list
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func exists(t *testing.T, name string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(root(t), name))
	return err == nil
}

func imports(t *testing.T, name string) (list []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, read(t, name), parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		list = append(list, p)
	}
	return list
}

// noun is the name of a file without its folder and its ending.
func noun(name string) string {
	base := path.Base(name)
	return strings.TrimSuffix(base, path.Ext(base))
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }

// What each layer may import of luv's own: what lies below it.
var below = map[string][]string{
	"csrc":   {"luv/csrc/"},
	"csrc/*": {"luv/csrc/"}, // which of them: rooms_test.go
	"uv":     {"luv/csrc", "luv/csrc/"},
	"zmq":    {"luv/csrc", "luv/csrc/", "luv/uv"},
	"lua":    {"luv/csrc", "luv/csrc/", "luv/uv"},
	"bridge": {"luv/compat", "luv/csrc/", "luv/uv", "luv/lua", "luv/zmq"},
}

func TestLayersImportDownward(t *testing.T) {
	for layer, allowed := range below {
		for _, name := range files(t, layer+"/*.go") {
			if isTest(name) {
				continue
			}
			for _, p := range imports(t, name) {
				if strings.HasPrefix(p, "luv/") && !slices.Contains(allowed, p) && !slices.Contains(allowed, path.Dir(p)+"/") {
					t.Errorf("%s imports %s", name, p)
				}
			}
		}
	}
	if got := imports(t, "luv.go"); !slices.Equal(got, []string{"luv/bridge"}) {
		t.Errorf("luv.go imports %v", got)
	}
}

// Of Lua uv knows nothing, of ours or of golua's; and the bridge is Go alone.
func TestForeignImports(t *testing.T) {
	for layer, forbidden := range map[string]string{
		"csrc": "github.com/", "csrc/*": "github.com/", "uv": "github.com/aarzilli/golua", "bridge": "C",
	} {
		for _, name := range files(t, layer+"/*.go") {
			for _, p := range imports(t, name) {
				if p == forbidden || strings.HasSuffix(forbidden, "/") && strings.HasPrefix(p, forbidden) ||
					strings.HasPrefix(p, forbidden+"/") {
					t.Errorf("%s imports %s", name, p)
				}
			}
		}
	}
}

func TestExportsStandInOneFile(t *testing.T) {
	var found []string
	for layer := range below {
		for _, name := range files(t, layer+"/*.go") {
			if regexp.MustCompile(`(?m)^//export `).MatchString(read(t, name)) {
				found = append(found, name)
			}
		}
	}
	if !slices.Equal(found, []string{"csrc/core/export.go"}) {
		t.Errorf("//export stands in %v", found)
	}
}

// C lives in csrc.
func TestCLivesInOneFolder(t *testing.T) {
	for _, layer := range []string{"uv", "lua", "zmq", "bridge"} {
		for _, name := range files(t, layer+"/*") {
			if path.Ext(name) != ".go" {
				t.Errorf("%s is no file of Go's", name)
			}
		}
	}
}

var registered = regexp.MustCompile(`lua\.Module\{\s*Name:\s*"([^"]+)",\s*(Funcs|Consts)`)

// A module's noun is the name of its file, its test and its page.
func TestOneNounOneFileName(t *testing.T) {
	modules := 0
	for _, name := range files(t, "bridge/*.go") {
		text := read(t, name)
		if !strings.Contains(text, "lua.Register(") && !strings.Contains(text, "lua.DefineClass(") {
			continue
		}
		for _, page := range []string{"tests/test-" + noun(name) + ".lua", "docs/" + noun(name) + ".lua"} {
			if !exists(t, page) {
				t.Errorf("%s has no %s", name, page)
			}
		}
		for _, m := range registered.FindAllStringSubmatch(text, -1) {
			modules++
			if m[2] == "Funcs" && noun(name) != strings.TrimPrefix(m[1], "luv.") {
				t.Errorf("%s registers %s", name, m[1])
			}
		}
	}
	if modules < 5 {
		t.Errorf("only %d modules were found", modules)
	}
}

func TestEveryFileOfALayerHasATest(t *testing.T) {
	for _, layer := range []string{"uv", "lua", "zmq"} {
		for _, name := range files(t, layer+"/*.go") {
			if test := layer + "/" + noun(name) + "_test.go"; !isTest(name) && noun(name) != "doc" && !exists(t, test) {
				t.Errorf("%s has no %s", name, test)
			}
		}
	}
}

func TestGoFilesAreFormatted(t *testing.T) {
	walk(t, func(name, text string) {
		if path.Ext(name) != ".go" {
			return
		}
		formatted, err := format.Source([]byte(text))
		if err != nil || !bytes.Equal(formatted, []byte(text)) {
			t.Errorf("gofmt would change %s (%v)", name, err)
		}
	})
}

// Paths of somebody's machine, in what belongs to everybody.
var private = regexp.MustCompile(`(^|[^\w.$}~-])/(wo` + `rk|ro` + `ot|home/\w+|tm` + `p/bash\w*|Users/\w+)/`)

func TestNothingOfTheWorkplace(t *testing.T) {
	seen := 0
	walk(t, func(name, text string) {
		seen++
		for i, line := range strings.Split(text, "\n") {
			if private.MatchString(line) {
				t.Errorf("%s:%d: %s", name, i+1, strings.TrimSpace(line))
			}
		}
	})
	if seen < 100 {
		t.Errorf("only %d files were looked at", seen)
	}
}

// walk calls f for every text of the checkout that is our own.
func walk(t *testing.T, f func(name, text string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root(t)), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "build", "vendor"}, name) {
			return fs.SkipDir
		}
		if text := ""; d.Type().IsRegular() && path.Ext(name) != ".so" {
			if text = read(t, name); !strings.Contains(text, "\x00") {
				f(name, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What go.mod asks for is what is imported, and vendor holds just that (which go vet checks).
func TestModuleIsTidy(t *testing.T) {
	limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tidy := exec.CommandContext(limit, "go", "mod", "tidy", "-diff")
	tidy.Dir = root(t)
	tidy.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	out, err := tidy.Output()
	switch {
	case len(out) > 0:
		t.Errorf("go mod tidy would change:\n%s", out)
	case err != nil:
		t.Skipf("go mod tidy needs the network: %v", err)
	}
}
