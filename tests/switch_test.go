package tests

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSwitch builds the change of C stacks by itself: for this CPU, with the C library's ucontext
// as other CPUs have it, and for arm64, where a compiler and an emulator for that are there.
func TestSwitch(t *testing.T) {
	for _, way := range []struct {
		name, cc string
		flags    []string
		run      []string
	}{
		{"this CPU", "cc", nil, nil},
		{"ucontext", "cc", []string{"-DLUV_UCONTEXT"}, nil},
		{"arm64", "aarch64-linux-gnu-gcc", []string{"-static"}, []string{"qemu-aarch64"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			for _, tool := range append([]string{way.cc}, way.run...) {
				if _, err := exec.LookPath(tool); err != nil {
					t.Skip("no " + tool)
				}
			}
			program := filepath.Join(t.TempDir(), "switch")
			args := append([]string{"-O2", "-I../csrc/core", "-o", program, "lib/switch.c", "../csrc/core/switch.c"}, way.flags...)
			if out, err := exec.Command(way.cc, args...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			command := append(way.run, program)
			out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
			if err != nil || string(out) != "OK\n" {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
