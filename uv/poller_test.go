package uv_test

import (
	"os"
	"syscall"
	"testing"

	"luv/uv"
)

func TestPollerStartsOnceAndKnowsWhenThereAreNoDescriptors(t *testing.T) {
	if err := uv.StartPoller(); err != nil {
		t.Fatal(err)
	}
	if err := uv.Exhausted(); err != nil {
		t.Fatal(err)
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	limit := old
	limit.Cur = uint64(len(all)) / 2
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	lack, again := uv.Exhausted(), uv.StartPoller()
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)
	if uv.FromSystem(int(syscall.EMFILE)) != lack {
		t.Errorf("Exhausted says %v", lack)
	}
	if again != nil {
		t.Errorf("the poller is there, but: %v", again)
	}
}
