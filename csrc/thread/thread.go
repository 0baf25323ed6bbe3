// Package thread holds threads, each with a Lua state of its own, and what they share: channels and pools.
//
// link.h has the rules by which one state wakes the fibers of another: a core is what states share, a
// link is how one of them holds it, and a bell is where it hangs while its fibers wait. A core is changed under
// its lock; of two locks that are held none is another core's. Values pass as messages (thread_msg.c), small
// ones without the codec.
//
// # Threads
//
// `csrc/thread/link.h` has the rules by which one state wakes the fibers of another: a core is what states
// share, a link is how one holds it, and a bell rings a state, which serves its links itself. A task
// (`thread_task.c`) is a function with its arguments, then what it came to; scalars and short strings go
// without the codec (`thread_plain.c`), so that such a thread need not open luv. `thread_life.c` is the
// maker's side, `thread_run.c` the thread's. A cancellation may stop only the function that the
// thread was given (`thread_cancel.c`): neither what luv does around it nor luv's opening.
//
// In a thread luv makes its fields when they are named (`build.c`): an idle thread takes 116 KB under lua5.1
// and 139 KB under LuaJIT, where it took 187 and 193. The codec, which looks functions up by name, asks for the
// one it needs (`codec_library.c`), and to encode makes them all.
//
// On LuaJIT whatever has run other Lua threads and may then raise calls `luv__regain` first
// (`suspend.c` says why; `tests/regress/luajit_running_thread.lua` is the crash).
//
//   - A loop that a thread wakes by ending has often taken its CPU, with the other one idle: it yields once
//     (`wakeup.c`), and does not poll for a thread that is being joined (`luv__thread_awaited`).
//   - In the list of all threads it is found by other states from the moment it exists: it is made, put there and
//     given its tid under its core's lock. Whoever joins or detaches claims it first, under that lock.
//   - Its state is closed before it can be joined. The maker's state joins its children as it closes; after Ctrl-C
//     it cancels them, and lets go of those that do not end in a second.
//   - A channel has two locks, for putting and getting; the core's is taken only if somebody waits. A message
//     holds a reference to each channel in it; a channel that lies in itself is therefore never freed.
//   - A wait for a channel that nobody else has, while no threads run, counts in the search for deadlocks
//     (`luv__thread_chan_lone`). A round of `luv__poll` that served links does not block: the answer may have changed.
//   - `make check-tsan` runs `tests/lib/race.lua` under ThreadSanitizer.
package thread

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../codec -I${SRCDIR}/../core -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/codec"
	_ "luv/csrc/core"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
