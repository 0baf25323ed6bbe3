package tests

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// What each room of csrc may use of the others: what lies below it. The core knows nobody.
var roomsBelow = map[string][]string{
	"core":    {},
	"sync":    {"core"},
	"stream":  {"core"},
	"udp":     {"core", "stream"},
	"tls":     {"core", "stream"},
	"poll":    {"core"},
	"timer":   {"core"},
	"signal":  {"core", "stream"},
	"fs":      {"core", "stream"},
	"process": {"core", "stream", "signal", "fs"},
	"codec":   {"core"},
	"thread":  {"core", "codec"},
	"proxy":   {"core", "codec", "thread"},
	"zmq":     {"core"},
	"watch":   {"core", "thread"},
}

func roomOf(name string) string { return filepath.Base(filepath.Dir(name)) }

// roomFlags lets a file of a room see the headers of all.
func roomFlags(t *testing.T) []string {
	out, err := exec.Command("pkg-config", "--cflags", "libuv", "libzmq").Output()
	if err != nil {
		t.Skip("pkg-config knows no libuv or libzmq")
	}
	flags := append([]string{"-O0", "-w", "-std=gnu11", "-I/usr/include/lua5.1"}, strings.Fields(string(out))...)
	flags = append(flags, strings.Fields(os.Getenv("CGO_CFLAGS"))...)
	for room := range roomsBelow {
		flags = append(flags, "-I"+filepath.Join(root(t), "csrc", room))
	}
	return flags
}

// symbols compiles a file, and returns what it defines and what it uses.
func symbols(t *testing.T, flags []string, name, object string) (defines, uses []string) {
	cc := append(slices.Clone(flags), "-c", "-o", object, filepath.Join(root(t), name))
	if out, err := exec.Command("gcc", cc...).CombinedOutput(); err != nil && !strings.Contains(string(out), "_cgo_export.h") {
		t.Errorf("%s does not compile alone: %s", name, out)
		return nil, nil
	}
	out, _ := exec.Command("nm", object).Output()
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		switch {
		case len(f) == 3 && strings.ContainsAny(f[1], "TDBRVCW"):
			defines = append(defines, f[2])
		case len(f) == 2 && f[0] == "U":
			uses = append(uses, f[1])
		}
	}
	return defines, uses
}

// The object files say who uses whom, whatever is included.
func TestNoRoomReachesUpOrAcross(t *testing.T) {
	flags, dir := roomFlags(t), t.TempDir()
	var mutex sync.Mutex
	var group sync.WaitGroup
	at, used := map[string]string{}, map[string][]string{}
	slots := make(chan bool, runtime.NumCPU())
	for _, name := range files(t, "csrc/*/*.c") {
		if _, known := roomsBelow[roomOf(name)]; !known {
			t.Errorf("%s: the room is not in the table", name)
		}
		group.Add(1)
		slots <- true
		go func() {
			defer func() { <-slots; group.Done() }()
			defines, uses := symbols(t, flags, name, filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".o"))
			mutex.Lock()
			defer mutex.Unlock()
			used[name] = uses
			for _, symbol := range defines {
				at[symbol] = name
			}
		}()
	}
	group.Wait()
	if len(at) < 500 {
		t.Fatalf("only %d symbols were found", len(at))
	}
	for name, uses := range used {
		room := roomOf(name)
		for _, symbol := range uses {
			if there := at[symbol]; there != "" && roomOf(there) != room && !slices.Contains(roomsBelow[room], roomOf(there)) {
				t.Errorf("%s uses %s of %s: the room %s does not stand on %s", name, symbol, there, room, roomOf(there))
			}
		}
	}
}

// A package says on which rooms it stands, and that the rooms are listed without a circle is what Go checks.
func TestRoomsImportWhatTheyStandOn(t *testing.T) {
	for room, below := range roomsBelow {
		for _, p := range imports(t, "csrc/"+room+"/"+room+".go") {
			if other, is := strings.CutPrefix(p, "luv/csrc/"); is && !slices.Contains(below, other) && room != "watch" {
				t.Errorf("csrc/%s imports %s", room, p)
			}
		}
		if !slices.Contains(imports(t, "csrc/csrc.go"), "luv/csrc/"+room) {
			t.Errorf("csrc/csrc.go does not import %s", room)
		}
	}
}

// A header that is not embedded goes stale in what includes it.
func TestHeadersAreEmbedded(t *testing.T) {
	for _, name := range files(t, "csrc/*/*.h") {
		room := roomOf(name)
		if !strings.Contains(read(t, "csrc/"+room+"/"+room+".go"), "//go:embed *.h\n") {
			t.Errorf("%s is not embedded", name)
		}
	}
}

// What another file of luv's defines is declared in a header.
func TestNoFunctionIsDeclaredInAFile(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^\s*(?:extern )?(?:int|void|double|uint64_t|const char \*) ?(luv_[a-z_]*)\([^;{]*\);`)
	for _, name := range files(t, "csrc/*/*.c") {
		text := read(t, name)
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(text, m[1]+":") { // its own, in assembler
				t.Errorf("%s declares %s", name, m[1])
			}
		}
	}
}

// block is a file that docs/devnotes.md shows: its name in bold, then its text.
var block = regexp.MustCompile("(?s)\\*\\*`([^`]+)`\\*\\*[^\\n]*\\n\\n```\\w+\\n(.*?)```")

// A new room costs its folder, and a file each in bridge, docs and tests: no edit anywhere else.
func TestARoomIsMadeOfTheNotes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds luv.so")
	}
	notes := read(t, "docs/devnotes.md")
	dir := filepath.Join(t.TempDir(), "luv")
	if out, err := exec.Command("git", "clone", "-q", "--local", root(t), dir).CombinedOutput(); err != nil {
		t.Skipf("no clone of the checkout: %s", out)
	}
	made := 0
	for _, m := range block.FindAllStringSubmatch(notes[strings.Index(notes, "## How to add a room"):], -1) {
		name := filepath.Join(dir, m[1])
		if exists(t, m[1]) {
			t.Fatalf("%s is there already", m[1])
		}
		os.MkdirAll(filepath.Dir(name), 0o755)
		if err := os.WriteFile(name, []byte(m[2]), 0o644); err != nil {
			t.Fatal(err)
		}
		made++
	}
	if made < 5 {
		t.Fatalf("only %d files were found in the notes", made)
	}
	build := exec.Command("make", "luv.so")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, test := range []string{"barrier", "docs"} {
		run := exec.Command("lua5.1", "tests/run.lua", test)
		run.Dir = dir
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", test, err, out)
		}
	}
}
