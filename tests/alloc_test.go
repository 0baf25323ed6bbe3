package tests

import (
	"debug/elf"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// goesOwn are the places in luv.so where Go calls malloc for its own C.CString and C.malloc,
// which end the process when there is no memory: "0x1000-0x1035,...".
func goesOwn(t *testing.T, so string) string {
	t.Helper()
	f, err := elf.Open(so)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Skip("no symbols in luv.so: ", err)
	}
	var places []string
	for _, s := range symbols {
		if strings.HasSuffix(s.Name, "_Cfunc__Cmalloc") && elf.ST_TYPE(s.Info) == elf.STT_FUNC && !strings.Contains(s.Name, ".") {
			places = append(places, fmt.Sprintf("%#x-%#x", s.Value, s.Value+s.Size))
		}
	}
	return strings.Join(places, ",")
}

// TestAllocation lets each single allocation of a workload fail, one after the other: those
// of the Lua state, and those of luv's own C. The one who asked gets an error of memory, and
// nothing is left behind; and the same for opening luv.
func TestAllocation(t *testing.T) {
	so := sharedObject(t)
	goes := "LUV_GOES=" + goesOwn(t, so)
	for lua, program := range hosts(t, "alloc") {
		run := func(name string, env string, args ...string) {
			t.Run(lua+" "+name, func(t *testing.T) {
				cmd := exec.Command("timeout", append([]string{"120", program}, args...)...)
				cmd.Env = append(where(so), goes, env)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%.4000s", err, out)
				}
				lines := strings.Split(strings.TrimSpace(string(out)), "\n")
				t.Log(lines[len(lines)-1])
			})
		}
		for _, whose := range []string{"lua", "luv"} {
			if whose == "lua" && lua != "lua5.1" { // LuaJIT does not survive each by itself
				continue
			}
			run(whose+", opening", "LUV_MAIN=", "open", whose)
			run(whose+", in fibers", "LUV_ALLOC="+whose, "lib/alloc.lua")
		}
	}
}
