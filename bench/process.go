package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// process.go - runs one program and reads what it measured. The one rule: a program says
// its values as "name number name number ..." on its last line; nothing else is parsed.

// values are what one run of one program measured.
type values map[string]float64

// spec is a program to run.
type spec struct {
	argv []string
	env  []string
	pin  string // the CPUs it may use; any when empty
}

const patience = 90 * time.Second

// cpus are the first two CPUs that this process may use, or the only one.
func cpus() []string {
	status, _ := os.ReadFile("/proc/self/status")
	var list []string
	for _, s := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(s, "Cpus_allowed_list:"); ok {
			list = expand(strings.TrimSpace(rest))
		}
	}
	return list[:min(len(list), 2)]
}

// expand turns 0-1,4 into 0 1 4.
func expand(ranges string) []string {
	var list []string
	for _, r := range strings.Split(ranges, ",") {
		first, last, ok := strings.Cut(r, "-")
		if !ok {
			last = first
		}
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		for n := from; n <= to && len(list) < 2; n++ {
			list = append(list, strconv.Itoa(n))
		}
	}
	return list
}

// With one CPU there is nothing to choose, and the work is the same for all contenders.
func (b *bench) cpu(n int) string {
	if len(b.cpus) < 2 {
		return ""
	}
	return b.cpus[n]
}

func (b *bench) command(ctx context.Context, s spec) *exec.Cmd {
	argv := s.argv
	if _, err := exec.LookPath("taskset"); err == nil && s.pin != "" {
		argv = append([]string{"taskset", "-c", s.pin}, argv...)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "LUA_CPATH="+b.dir+"/?.so;;")
	cmd.Env = append(cmd.Env, s.env...)
	return cmd
}

func (b *bench) run(s spec) (values, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	cmd := b.command(ctx, s)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w %s", strings.Join(s.argv, " "), err, stderr.String())
	}
	return parse(string(out))
}

func parse(out string) (values, error) {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	if len(fields) == 0 || len(fields)%2 != 0 {
		return nil, fmt.Errorf("no values in %q", out)
	}
	v := values{}
	for i := 0; i < len(fields); i += 2 {
		n, err := strconv.ParseFloat(fields[i+1], 64)
		if err != nil {
			return nil, fmt.Errorf("no number in %q", out)
		}
		v[fields[i]] = n
	}
	return v, nil
}
