// Package process holds child processes, and the environment they get.
//
// Every child is reaped, whatever becomes of its object: closing one whose child runs, or losing it, leaves
// it to a thread that waits for it. A time limit on a wait holds even if somebody else takes SIGCHLD away:
// where the kernel has pidfds the child is watched by one.
//
// # Processes
//
// Go (`bridge/process*.go`) reads the options, makes the pipes and lays out the child's descriptors; so
// a mistake of the program raises before anything is open. `process_exec.c` starts the program.
// `uv_spawn` forks, and copying the page tables of a process with Go in it took 300 µs of a spawn that
// takes 870 in bare C: so the child borrows our memory until it is another program, as in posix_spawn.
// What runs there makes system calls only. In a loop without a Lua state, which only Go has, it is
// `uv_spawn`.
//
//   - A state that has spawned watches SIGCHLD by luv's own handler (`luv__children_watch`), and asks for
//     the end of each of its children by number: what the host has started itself is the host's to wait
//     for. One uv_signal_t stays on the loop, so that libuv, if it has children in this process, never
//     resets the action. Whatever another library does to it: each child has a pidfd, too, or a timer (`process_watch.c`).
//   - The object of a child that runs outlives its box (`lingers` in `object.c`): closed or collected, it
//     stays in `S->processes` until the child is reaped. When the state goes first, a thread takes the
//     numbers over (`orphan`), and ends with the last.
//   - The three standard pipes are pipes, not sockets as libuv's: `/dev/stdout` can be opened.
//     The kernel keeps 256 KB of each, if its limits allow. A pipe of ours is opened anew for a child that gets it, since whether it blocks belongs to
//     the open file; a socket cannot be, so that from then on luv treats it as one it shares.
//   - A child that ends with its parent is made by a thread which lasts as long as the process (`process_keeper.c`): the
//     kernel ends it with the thread that has made it.
//   - `run` is Lua (`process_run.c`): a fiber feeds, one drains each output, the caller waits.
package process

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../core -I${SRCDIR}/../fs -I${SRCDIR}/../signal -I${SRCDIR}/../stream -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/core"
	_ "luv/csrc/fs"
	_ "luv/csrc/signal"
	_ "luv/csrc/stream"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
