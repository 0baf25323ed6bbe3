package tests

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestMemory calls everything with anything while allocations fail at random: errors, but
// no crash, no hang, and a state that closes in good order.
func TestMemory(t *testing.T) {
	so := sharedObject(t)
	program, ok := hosts(t, "memory")["lua5.1"]
	if !ok {
		t.Skip("no Lua 5.1 library here")
	}
	for seed, rate := range []int{5000, 1000, 500, 50} {
		t.Run(strconv.Itoa(rate), func(t *testing.T) {
			cmd := exec.Command("timeout", "30", program, "lib/monkey.lua", strconv.Itoa(seed), "0.7", strconv.Itoa(rate))
			cmd.Env = append(where(so), "TMPDIR="+t.TempDir()) // what a failed try leaves behind
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%.2000s", err, out)
			}
			if n := numbers(string(out)); len(n) != 1 || n[0] == 0 {
				t.Errorf("no allocation failed: %s", out)
			}
			if loads := rate > 100; loads != strings.Contains(string(out), "calls ") {
				t.Errorf("loaded: %v\n%s", !loads, out)
			}
		})
	}
}
