package core_test

import (
	"sync"
	"testing"

	"luv/csrc/core"
)

func TestSlotGivesBackWhatWasPutIn(t *testing.T) {
	before := core.Taken()
	numbers := map[uint64]int{}
	for i := range 1000 {
		n := core.Take(i)
		if n == 0 {
			t.Fatal("number 0 was given out")
		}
		numbers[n] = i
	}
	if len(numbers) != 1000 || core.Taken() != before+1000 {
		t.Errorf("%d numbers, %d slots taken", len(numbers), core.Taken()-before)
	}
	for n, want := range numbers {
		if got := core.Get(n); got != want {
			t.Errorf("number %#x: got %v, want %d", n, got, want)
		}
		core.Give(n)
	}
	if core.Taken() != before {
		t.Errorf("%d slots left over", core.Taken()-before)
	}
}

// A number that has outlived its value finds nothing, whoever lives there now.
func TestOldNumberFindsNothing(t *testing.T) {
	old := core.Take("old")
	core.Give(old)
	tenant := core.Take("new")
	defer core.Give(tenant)
	if uint32(old) != uint32(tenant) {
		t.Fatal("the slot was not used again")
	}
	if got := core.Get(old); got != nil {
		t.Errorf("the old number finds %v", got)
	}
	core.Give(old) // twice, and not the tenant's
	if got := core.Get(tenant); got != "new" {
		t.Errorf("the tenant is %v", got)
	}
}

func TestNumbersNeverGivenOut(t *testing.T) {
	for _, n := range []uint64{0, 1, 1 << 63, 0xffffffff, 1<<32 | 0xfffffff} {
		if got := core.Get(n); got != nil {
			t.Errorf("number %#x finds %v", n, got)
		}
		before := core.Taken()
		core.Give(n)
		if core.Taken() != before {
			t.Errorf("giving back %#x changed something", n)
		}
	}
}

// The table grows with what is taken at a time, not with what was ever taken.
func TestSlotsAreUsedAgain(t *testing.T) {
	places := map[uint32]bool{}
	for range 1000 {
		n := core.Take(t)
		places[uint32(n)] = true
		core.Give(n)
	}
	if len(places) != 1 {
		t.Errorf("%d slots were used though one was taken at a time", len(places))
	}
}

// Two loops on two threads take and give at the same time.
func TestSlotsFromManyThreads(t *testing.T) {
	before := core.Taken()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range 1000 {
				mine := [2]int{worker, i}
				n := core.Take(mine)
				if got := core.Get(n); got != mine {
					t.Errorf("got %v, want %v", got, mine)
				}
				core.Give(n)
			}
		}()
	}
	all.Wait()
	if core.Taken() != before {
		t.Errorf("%d slots left over", core.Taken()-before)
	}
}
