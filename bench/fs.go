package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// fs.go - files, beside uv_fs_* in C. The one rule: luv is measured with all in the pool
// (LUV_FS_INLINE=0), where C is the limit, and again as it is, where C has to go through the pool:
// there the CPU is judged beside lfs and io in one thread, which have no pool. (lfs: where the package
// lua-filesystem is installed.)

type fileWork struct {
	kind        string
	n, fibers   int
	key         string
	pool, plain must
}

var fileWorks = []fileWork{
	{"stat", 10000, 1, "rate", atLeast(0.9), told},
	{"stat", 100000, 64, "rate", atLeast(0.9), told},
	{"read", 4000, 1, "rate", atLeast(0.9), told},
	{"read", 40000, 64, "rate", atLeast(0.9), atLeast(1)},
	{"cached", 20000, 1, "rate", told, atLeast(20)},
	{"write", 300, 1, "cpu", atMost(1.05), atMost(1.05)},
	{"bulk", 1024, 1, "mbps", atLeast(0.95), atLeast(0.95)},
	{"walk", 100000, 1, "rate", told, atLeast(0.8)},
}

// What the same is done with in one thread that waits: the kind of bench/fs.lua, and luv's figure beside it.
var plainly = map[string]struct {
	kind, with, key string
	m               must
}{
	"stat": {"lfs-stat", "lfs", "cpu", atMost(1.3)},
	"read": {"io-read", "io", "cpu", atMost(1.5)},
	"walk": {"lfs", "lfs", "rate", atLeast(1)},
}

// files makes what the workloads work on: one file, and 100,000 below 100 directories.
func (b *bench) files() (string, string, error) {
	one, tree := filepath.Join(b.dir, "one"), filepath.Join(b.dir, "tree")
	for i := range 100 {
		dir := filepath.Join(tree, strconv.Itoa(i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", "", err
		}
		for k := range 1000 {
			if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(k)), nil, 0o644); err != nil {
				return "", "", err
			}
		}
	}
	if err := os.MkdirAll(one, 0o755); err != nil {
		return "", "", err
	}
	return one, tree, os.WriteFile(filepath.Join(one, "file"), make([]byte, 4096), 0o644)
}

func (b *bench) fs() error {
	one, tree, err := b.files()
	if err != nil {
		return err
	}
	for _, w := range fileWorks {
		dir := one
		if w.kind == "walk" {
			dir = tree
		}
		if err := b.fileWork(w, w.fit(dir).arguments(dir)); err != nil {
			return err
		}
	}
	return nil
}

// A file of 1 GB, unless the disk has less than three to spare.
func (w fileWork) fit(dir string) fileWork {
	var s syscall.Statfs_t
	if w.kind == "bulk" && (syscall.Statfs(dir, &s) != nil || s.Bavail*uint64(s.Bsize) < 3<<30) {
		w.n = 256
	}
	return w
}

func (w fileWork) arguments(dir string) []string {
	return []string{w.kind, dir, strconv.Itoa(w.n), strconv.Itoa(w.fibers)}
}

func (b *bench) fileWork(w fileWork, arguments []string) error {
	run := func(argv ...string) func() (values, error) {
		s := spec{argv: append(argv, arguments...)}
		return func() (values, error) { return b.run(s) }
	}
	list := []contender{{"C", "", run(b.path("fs"))}}
	for _, lua := range b.luas {
		list = append(list, contender{lua, "C", run(lua, "bench/fs.lua")},
			contender{lua + " pool", "C", run("env", "LUV_FS_INLINE=0", lua, "bench/fs.lua")})
	}
	others := b.plain(w, arguments)
	r, err := b.turns(b.rounds, append(list, others...)...)
	if err != nil {
		return err
	}
	unit := map[string]string{"rate": "op/s", "mbps": "MB/s", "cpu": "ns"}
	for _, lua := range b.luas {
		name := fmt.Sprintf("fs %s, %d", w.kind, w.fibers)
		limit := r.column("C", w.key)
		b.table.add(figure{name + ", in the pool", lua, unit[w.key], r.column(lua+" pool", w.key), limit, w.pool})
		b.table.add(figure{name + ", as it is", lua, unit[w.key], r.column(lua, w.key), limit, w.plain})
	}
	for _, c := range others {
		lua, p := c.limit, plainly[w.kind]
		name := fmt.Sprintf("fs %s, %d, beside %s", w.kind, w.fibers, p.with)
		b.table.add(figure{name, lua, unit[p.key], r.column(lua, p.key), r.column(c.name, p.key), p.m})
	}
	return nil
}

// plain is the same work in one thread that waits, for each Lua that has what it takes.
func (b *bench) plain(w fileWork, arguments []string) []contender {
	p, is := plainly[w.kind]
	if !is {
		return nil
	}
	var list []contender
	for _, lua := range b.luas {
		if p.with == "lfs" && exec.Command(lua, "-e", "require('lfs')").Run() != nil {
			continue
		}
		s := spec{argv: append([]string{lua, "bench/fs.lua", p.kind}, arguments[1:3]...)}
		s.argv = append(s.argv, "1")
		list = append(list, contender{lua + " " + p.with, lua, func() (values, error) { return b.run(s) }})
	}
	return list
}
