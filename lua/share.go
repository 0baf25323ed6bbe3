package lua

import "luv/csrc/core"

// Objects that several states have at once, whose Go value is one: the codec passes them by
// an id, in a message that holds a reference to what it names.

// A Sharer is the Go value of such an object.
type Sharer interface {
	// Share takes a reference for a message and returns the id; 0 when it is closed.
	Share() uint64
}

// Shared says how ids become values again. There is one kind so far.
type Shared interface {
	// Find takes a reference for an object and returns the value; nil when it is gone.
	Find(id uint64) any
	// Drop gives back the reference of a message.
	Drop(id uint64)
}

var sharing Shared

// Share tells the codec where shared values are found. It belongs into an init.
func Share(s Shared) { sharing = s }

const (
	shareHold = iota // LUV_SHARE_HOLD and so on, in csrc/core/luv.h
	shareTake
	shareDrop
)

func init() { core.Share = share }

func share(what int, n uint64) uint64 {
	switch what {
	case shareHold:
		if k, ok := core.Get(n).(*kept); ok {
			if s, ok := k.value.(Sharer); ok {
				return s.Share()
			}
		}
	case shareTake:
		if v := sharing.Find(n); v != nil {
			k := &kept{value: v}
			k.slot = core.Take(k)
			return k.slot
		}
	case shareDrop:
		sharing.Drop(n)
	}
	return 0
}
