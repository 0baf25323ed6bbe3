// Package signal holds the signals: luv.signal's watchers, dead children for luv.process, and Ctrl-C.
//
// The handlers are luv's own: they count, and wake the loop, which hands what was counted to the
// watchers, so nothing is lost but what the kernel itself merges. With the last watcher the action that
// was there before comes back. A second Ctrl-C kills, but not within a quarter of a second of the first.
//
// # Signals
//
//   - SIGQUIT makes each thread write a dump (`ask.c`), if nobody else handles it. SIGRTMAX - 4 asks one
//     thread.
//   - SIGINT: Lua's own handler sets a hook, which a script blocked in `epoll_wait` never reaches. When
//     the main chunk begins to wait, and the host has a handler, luv's goes in front: while the loop runs
//     it raises `interrupted!` in the main chunk and stops the running fiber; otherwise it calls the
//     host's. A second Ctrl-C kills, from a quarter of a second after the first. A host without one is left alone.
//   - libuv installs handlers without SA_ONSTACK, on which Go insists: `luv__signal_onstack` adds it after
//     each `uv_signal_start`.
//   - SIGPIPE and SIGXFSZ are the host's, and kill a script that prints behind `head`. luv's own writes raise none: to a
//     socket by MSG_NOSIGNAL, else the thread blocks both while it writes (`quiet.c`), in `uv_run` while something is queued.
//   - What Go changes as it starts, the limit of descriptors and SIGPIPE, `guest.c` puts back. Go's own threads have SIGPIPE
//     blocked from their birth.
//   - A signal that was blocked when the process started is unblocked in the thread of the first watcher, and blocked
//     again after the last. EINTR never reaches a script: libuv and SA_RESTART see to that.
//   - After a fork without exec every face raises `luv: used after fork` (`pthread_atfork`).
package signal

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../core -I${SRCDIR}/../stream -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/core"
	_ "luv/csrc/stream"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
