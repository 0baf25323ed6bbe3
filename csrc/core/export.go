package core

/*
#include "luv.h"
*/
import "C"

import "unsafe"

// What C calls of Go goes through these variables, which package lua sets when it is
// initialised, or to the value of a slot (slot.go). A Go panic never gets out: the functions behind them recover.
var (
	// Open gives a new Lua state its loop; 0 for success.
	Open func(state uintptr) int
	// Thread is what a new OS thread does: it makes a state, runs what is asked for, and ends.
	Thread func(thread uintptr)
	// Close ends the loop of state number n.
	Close func(n uint64)
	// Call answers one call from Lua; the argument is a luv_call.
	Call func(call uintptr)
	// Run runs the loop of a state until its main chunk is woken.
	Run func(state uintptr) int
	// Share does what luv.h's LUV_SHARE_ numbers say with an object that states share: HOLD
	// takes an object's slot and returns its id, TAKE an id and returns a slot for a new
	// object, DROP gives the id's reference back. 0: it is gone.
	Share func(what int, n uint64) uint64
	// Seal writes the seal of data, 32 bytes.
	Seal func(data, mac []byte)
	// Exit lets go of what outlives its state, for so many seconds at most: the process ends.
	Exit func(seconds float64)
)

//export goOpen
func goOpen(state C.uintptr_t) C.int { return C.int(Open(uintptr(state))) }

//export goThread
func goThread(thread C.uintptr_t) { Thread(uintptr(thread)) }

//export goClose
func goClose(n C.uint64_t) { Close(uint64(n)) }

//export goCall
func goCall(call C.uintptr_t) C.int { Call(uintptr(call)); return 0 }

//export goRun
func goRun(state C.uintptr_t) C.int { return C.int(Run(uintptr(state))) }

//export goEvent
func goEvent(n C.uint64_t, what C.int, a C.int64_t, p C.uintptr_t) {
	event(uint64(n), int(what), int64(a), uintptr(p))
}

//export goRelease
func goRelease(n C.uint64_t, why C.int) { release(uint64(n), int(why)) }

//export goShare
func goShare(what C.int, n C.uint64_t) C.uint64_t { return C.uint64_t(Share(int(what), uint64(n))) }

//export goSeal
func goSeal(data C.uintptr_t, n C.uint64_t, mac C.uintptr_t) {
	Seal(memory(data, uint64(n)), memory(mac, 32))
}

// A Recorder is a TLS connection. Record does what luv.h's LUV_TLS_ numbers say, with bytes that
// are C's for as long as the call lasts: those that have come or are to be sent, and room for the
// answer. It returns a status, how many bytes it has put there, and how many FLUSH would give.
type Recorder interface {
	Record(what, status int, in, to []byte) (result, done, pending int)
}

//export goRecord
func goRecord(p C.uintptr_t) {
	c := *(**C.luv_record)(unsafe.Pointer(&p))
	conn, ok := Get(uint64(c.slot)).(Recorder)
	if !ok {
		c.status = C.UV_ECANCELED
		return
	}
	var in, to []byte
	if c.n > 0 {
		in = unsafe.Slice((*byte)(unsafe.Pointer(c.in)), int(c.n))
	}
	if c.room > 0 {
		to = unsafe.Slice((*byte)(unsafe.Pointer(c.to)), int(c.room))
	}
	status, done, pending := conn.Record(int(c.what), int(c.status), in, to)
	c.status, c.done, c.pending = C.int(status), C.size_t(done), C.size_t(pending)
}

// A TLSListener makes what Go keeps of a connection that a listener has accepted; false: it cannot.
type TLSListener interface{ Accepted(o uintptr) bool }

//export goAccepted
func goAccepted(listener C.uint64_t, o C.uintptr_t) C.int {
	if l, ok := Get(uint64(listener)).(TLSListener); ok && l.Accepted(uintptr(o)) {
		return 0
	}
	return C.UV_ECANCELED
}

var sources []func(name string) (string, bool)

// AddSource adds find to those that are asked for the text of what is written in Lua. Call it from an init function.
func AddSource(find func(name string) (string, bool)) { sources = append(sources, find) }

//export goSource
func goSource(name C.uintptr_t, n C.uint64_t, size *C.uint64_t) C.uintptr_t {
	wanted := string(memory(name, uint64(n)))
	for _, find := range sources {
		if text, found := find(wanted); found {
			*size = C.uint64_t(len(text))
			return C.uintptr_t(uintptr(unsafe.Pointer(C.CString(text))))
		}
	}
	return 0
}

//export goExit
func goExit(seconds C.double) { Exit(float64(seconds)) }

// memory is C's memory as a slice, for as long as the call lasts.
func memory(p C.uintptr_t, n uint64) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), n)
}
