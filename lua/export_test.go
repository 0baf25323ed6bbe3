package lua

// SlotOf returns the slot of an object's Go value, for tests.
func SlotOf(o Object) uint64 { return uint64(object(o.Pointer).slot) }
