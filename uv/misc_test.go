package uv_test

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"luv/uv"
)

func TestHrtimeRunsWithTheClock(t *testing.T) {
	start, from := time.Now(), uv.Hrtime()
	time.Sleep(10 * time.Millisecond)
	took, ns := time.Since(start), uv.Hrtime()-from
	if ns < 10e6 || time.Duration(ns) > took+10*time.Millisecond {
		t.Errorf("%d ns while %v went by", ns, took)
	}
}

func TestVersionIsThatOfTheLibrary(t *testing.T) {
	out, err := exec.Command("pkg-config", "--modversion", "libuv").Output()
	if err != nil {
		t.Skip("no pkg-config")
	}
	equal(t, "version", uv.Version(), strings.TrimSpace(string(out)))
}

func TestAvailableParallelism(t *testing.T) {
	if n := uv.AvailableParallelism(); n < 1 || n > runtime.NumCPU() {
		t.Errorf("%d of %d CPUs", n, runtime.NumCPU())
	}
}
