package csrc_test

import (
	"sync"
	"testing"

	"luv/csrc"
)

func TestSlotGivesBackWhatWasPutIn(t *testing.T) {
	before := csrc.Taken()
	numbers := map[uint64]int{}
	for i := range 1000 {
		n := csrc.Take(i)
		if n == 0 {
			t.Fatal("number 0 was given out")
		}
		numbers[n] = i
	}
	if len(numbers) != 1000 || csrc.Taken() != before+1000 {
		t.Errorf("%d numbers, %d slots taken", len(numbers), csrc.Taken()-before)
	}
	for n, want := range numbers {
		if got := csrc.Get(n); got != want {
			t.Errorf("number %#x: got %v, want %d", n, got, want)
		}
		csrc.Give(n)
	}
	if csrc.Taken() != before {
		t.Errorf("%d slots left over", csrc.Taken()-before)
	}
}

// A number that has outlived its value finds nothing, whoever lives there now.
func TestOldNumberFindsNothing(t *testing.T) {
	old := csrc.Take("old")
	csrc.Give(old)
	tenant := csrc.Take("new")
	defer csrc.Give(tenant)
	if uint32(old) != uint32(tenant) {
		t.Fatal("the slot was not used again")
	}
	if got := csrc.Get(old); got != nil {
		t.Errorf("the old number finds %v", got)
	}
	csrc.Give(old) // twice, and not the tenant's
	if got := csrc.Get(tenant); got != "new" {
		t.Errorf("the tenant is %v", got)
	}
}

func TestNumbersNeverGivenOut(t *testing.T) {
	for _, n := range []uint64{0, 1, 1 << 63, 0xffffffff, 1<<32 | 0xfffffff} {
		if got := csrc.Get(n); got != nil {
			t.Errorf("number %#x finds %v", n, got)
		}
		before := csrc.Taken()
		csrc.Give(n)
		if csrc.Taken() != before {
			t.Errorf("giving back %#x changed something", n)
		}
	}
}

// The table grows with what is taken at a time, not with what was ever taken.
func TestSlotsAreUsedAgain(t *testing.T) {
	places := map[uint32]bool{}
	for range 1000 {
		n := csrc.Take(t)
		places[uint32(n)] = true
		csrc.Give(n)
	}
	if len(places) != 1 {
		t.Errorf("%d slots were used though one was taken at a time", len(places))
	}
}

// Two loops on two threads take and give at the same time.
func TestSlotsFromManyThreads(t *testing.T) {
	before := csrc.Taken()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range 1000 {
				mine := [2]int{worker, i}
				n := csrc.Take(mine)
				if got := csrc.Get(n); got != mine {
					t.Errorf("got %v, want %v", got, mine)
				}
				csrc.Give(n)
			}
		}()
	}
	all.Wait()
	if csrc.Taken() != before {
		t.Errorf("%d slots left over", csrc.Taken()-before)
	}
}
