package core

import "sync"

// A slot number is what C holds of a Go value: an index and, in the upper half, the
// generation of the slot. So a number that has outlived its value finds nothing, rather
// than the slot's next tenant. Number 0 is never given out.

// An Eventer gets the events of a libuv handle or request that Go made.
type Eventer interface {
	Event(what int, a int64, p uintptr)
}

// A Releaser is told that C is done with the slot: why 0 when the wait for it was given
// up, why 1 when its object is gone.
type Releaser interface {
	Release(why int)
}

type slot struct {
	value      any
	generation uint32
}

var slots struct {
	sync.Mutex
	all  []slot
	free []uint32
}

// Take puts v into a slot and returns its number.
func Take(v any) uint64 {
	slots.Lock()
	defer slots.Unlock()
	var i uint32
	if n := len(slots.free); n > 0 {
		i = slots.free[n-1]
		slots.free = slots.free[:n-1]
	} else {
		slots.all = append(slots.all, slot{generation: 1})
		i = uint32(len(slots.all) - 1)
	}
	slots.all[i].value = v
	return uint64(slots.all[i].generation)<<32 | uint64(i)
}

// Get returns the value of slot n, or nil when n is no longer valid.
func Get(n uint64) any {
	slots.Lock()
	defer slots.Unlock()
	i, generation := uint32(n), uint32(n>>32)
	if int(i) >= len(slots.all) || slots.all[i].generation != generation {
		return nil
	}
	return slots.all[i].value
}

// Give frees slot n. Giving it back twice is harmless.
func Give(n uint64) {
	slots.Lock()
	defer slots.Unlock()
	i, generation := uint32(n), uint32(n>>32)
	if int(i) >= len(slots.all) || slots.all[i].generation != generation {
		return
	}
	slots.all[i] = slot{generation: generation + 1}
	slots.free = append(slots.free, i)
}

// Taken returns how many slots are in use, for leak checks.
func Taken() int {
	slots.Lock()
	defer slots.Unlock()
	return len(slots.all) - len(slots.free)
}

func event(n uint64, what int, a int64, p uintptr) {
	if e, ok := Get(n).(Eventer); ok {
		e.Event(what, a, p)
	}
}

func release(n uint64, why int) {
	if r, ok := Get(n).(Releaser); ok {
		r.Release(why)
		return
	}
	Give(n)
}
