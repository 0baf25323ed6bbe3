/* luv.h - the vocabulary of the data plane.
 *
 * Names carry the condition under which a function may be called:
 *   luv_xxx      a face: a lua_CFunction that a script can name, may raise
 *   luv__xxx     internal, does not raise unless its comment says so
 *   luv_on_xxx   called by libuv: records, wakes, never runs Lua code
 *   goXxx        written in Go (export.go), must never see a Lua error
 *
 * Invariants (asserted in the check build, see check.c):
 *   1. At most one fiber of a state runs: luv_current(state). Its status is READY.
 *   2. A READY fiber is in state->ready once; its wait.node is in no queue.
 *   3. A WAITING fiber's wait.node is in a queue of what it waits for, or in
 *      state->asleep; wait.op says which operation, wait.seq which wait.
 *   4. A fiber that is READY or WAITING is anchored in the registry
 *      (its slot is not 0); a NEW or DEAD one lives only as long as Lua holds it.
 *      Does not hold inside luv__fiber_finish, which gives the slot back last.
 *   5. Handle memory is freed in its libuv close callback and nowhere else.
 *
 * The rules. Script code may run at any allocation of Lua's, since that may collect, and a
 * finaliser may call anything, luv included:
 *   1. What a call holds in shared state (of the state, an object, a fiber) is taken out, into
 *      locals or a block of its own, before the first allocation, and put back after the last.
 *   2. A waiter is claimed (unlinked and marked) before anything is allocated for it. After a
 *      protected call its status and wait.seq are looked at again.
 *   3. An object is looked up when a wait begins, and again after whatever may run Lua.
 *   4. Arguments are converted first (numbers to strings, tables read, __codec called); then
 *      the object is looked up; then nothing runs Lua until it is used. The `begin` of a wait
 *      allocates nothing of Lua's but in luv__protect, which may collect as it ends.
 *   5. Below uv_run nothing polls (S->looking).
 *   6. The scheduler's own Lua thread is used for values only inside a protected call with no
 *      fiber's frames above it.
 *   7. A cast from a core, a queue's node or a class follows a check of its kind.
 *   8. A descriptor is close-on-exec from its birth, and made after the checks that may refuse. */
#ifndef LUV_H
#define LUV_H

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include "compat.h"
#include "queue.h"
#include "known.h"
#include "stack.h"
#include "vm.h"

typedef struct luv_state luv_state;
typedef struct luv_fiber luv_fiber;
typedef struct luv_object luv_object;
typedef struct luv_mutex luv_mutex;
typedef struct luv_scope_t luv_scope_t;
typedef struct luv_stream luv_stream;
typedef struct luv_zmq_state luv_zmq_state;
typedef struct luv_codec_state luv_codec_state;

#define LUV_FOREVER UINT64_MAX
#define LUV_LIKELY(x) __builtin_expect(!!(x), 1)
#define LUV_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LUV_HOT __attribute__((hot, aligned(64))) /* what every switch runs through */

#ifdef LUV_CHECK
void luv__assert_fail(const char *what, const char *file, int line);
#define luv_assert(x) ((x) ? (void)0 : luv__assert_fail(#x, __FILE__, __LINE__))
void luv__check_crossing(lua_State *L);
void luv__check_state(luv_state *S);
void luv__check_alloc_open(luv_state *S, lua_State *L);
void luv__check_alloc_close(luv_state *S, lua_State *L);
#else
#define luv_assert(x) ((void)0)
#define luv__check_crossing(L) ((void)0)
#define luv__check_state(S) ((void)0)
#define luv__check_alloc_open(S, L) ((void)0)
#define luv__check_alloc_close(S, L) ((void)0)
#endif

#include "fiber.h"
#include "object.h"
#include "call.h"

/* ---- state.c ------------------------------------------------------------------ */

#define LUV_SCRATCH 4
#define LUV_DELAYS 160 /* of delays in ns, four buckets for each power of two */

#define LUV_CHAN_BITS 6 /* of the places for channels: known.h */
#define LUV_THREAD_CHAN_BITS 4

typedef struct { lua_Hook fn; int mask, count; } luv_hook;

struct luv_state {
  luv_ring ready;
  luv_fiber *current;  /* what runs now; NULL: the host's own code, or the scheduler */
  luv_stack *stack;    /* the C stack that the scheduler and the running fiber are on */
  void *landing;       /* a channel that is about to be waited for, with a place for the value: chan_fast.c */
  luv_fiber *delivering; /* its outcome is being pushed */
  int attention;       /* the switch just made was not a plain yield, or main is woken */
  volatile uint32_t nudged; /* a signal handler has looked for a fiber that runs, and found none */
  int suspended;       /* the yield on its way is that of a wait, which has begun */
  lua_State *M;        /* the scheduler's own Lua thread */
  lua_State *home;     /* the Lua thread that opened it: the main chunk's, for a dump */
  uv_loop_t *loop;
  luv_heap heap;
  uint64_t now;        /* uv_hrtime at the last look */
  uint64_t armed;      /* what `alarm` is set to, ns; 0: off */
  int external;        /* waits that something outside can end */
  int depth;           /* the loop is running */
  volatile int blocked; /* the main chunk waits, or is about to */
  int jit;
  int opened;          /* the loop is there, and the alarm */
  int lazy;            /* modules are made when they are named */
  int ending;          /* it is to be closed as soon as the loop returns */
  int dead;            /* the Lua state is closing: nothing is open any more */
  uint32_t nfibers;    /* anchored fibers */
  uint32_t next_id;
  luv_queue asleep;    /* waits that are in no object's queue */
  luv_queue objects;
  luv_queue unread;    /* sockets that the last poll found readable: receive.c */
  uint32_t received;   /* ready.head when some of them were read, or found */
  int looking;         /* at the outside: uv_run is on the stack, or a reader is being served */
  luv_queue goops;
  uv_timer_t *alarm;
  uv_poll_t *wakeup;   /* see wakeup.c */
  int wake_fd, woken;
  int making_way;      /* who wakes this state is on its way out */
  char *readbuf;
  char *arena;         /* short data on its way to readers: emptied at every poll */
  uint32_t arena_used;
  uint64_t host;       /* Go's slot number for this state */
  luv_call *calls;     /* into Go: those that are idle */
  int failed;          /* a fiber's error was not joined when the state closed */
  uint64_t spin;       /* ns that waits may be to be polled for; 0: off */
  int64_t spin_mean;
  int spin_miss, spin_skip;
  /* registry references */
  int ref_meta[LUV_MAX_CLASSES];
  int ref_wrap[10];    /* see wrap.c */
  int ref_anchors, ref_on_error, ref_traceback, ref_body, ref_env, ref_module, ref_state,
      ref_kept, ref_kept_error, ref_deliver, ref_outcome, ref_protect, ref_cancelled, ref_expired, ref_thread, ref_spare,
      ref_nothing, ref_natives, ref_push, ref_file, ref_watch, ref_home, ref_scratch;
  luv_stacks stacks;
  uint32_t *free_slots;
  uint32_t nfree, cap_slots, top_slot;
  lua_State *scratch[LUV_SCRATCH]; /* idle Lua threads: deliver.c */
  int nscratch;
  lua_CFunction native_error;
  lua_State *ask_displaced; /* whose hook has made room for luv__ask_hook: this one */
  luv_hook ask_hook;
  const void *metas[LUV_MAX_CLASSES];
  /* statistics */
  uint64_t switches, polls, go_callbacks;
  int spare;           /* ref_spare holds a table for the next new fiber */
  int untaken;         /* errors that no join has taken */
  volatile int interrupted;
  int broken_off;      /* Ctrl-C has ended the main chunk's last wait */
  luv_queue children;  /* threads made here, by luv_thread.child */
  uint32_t link_ops;   /* puts and gets that did not wait */
  uint32_t busy_ops, busy_from; /* writes and calls of files that did not, since ready.head was that */
  luv_queue links;     /* to what other threads share, while fibers wait: link.h */
  void *link_locked;   /* the core whose lock is held, so that no other may be taken */
  int link_left;       /* fibers have left links meanwhile */
  int rung, blocking;  /* atomic: link.h, rule 3 */
  int arrived;         /* atomic: the pool has done something; fs_pool.c, rule 5 */
  struct luv_thread *thread; /* the thread that it runs on */
  int ref_zmq_fields;  /* 0: none; see zmq_index.c */
  int ref_threads;     /* those that run and were made here, by address */
  luv_zmq_state *zmq;  /* NULL: no ØMQ socket has been made */
  luv_codec_state *codec;
  struct luv_fs *fs;   /* NULL: no file has been used */
  struct luv_udp_state *udp; /* NULL: no UDP socket has been made */
  struct luv_ready *hub;     /* NULL: nobody has waited for a stream to be ready: ready.c */
  struct luv_signals *signals; /* NULL: none has been watched; read by signal handlers */
  uv_signal_t *sigchld;  /* NULL: no process has been spawned: see signal.c */
  luv_queue processes;   /* children that run; not before sigchld is there */
  int run_mode;        /* of luv.run: RUN_DEFAULT, RUN_ONCE, RUN_NOWAIT */
  uint64_t slice;      /* when fibers began to run without a poll, ns */
  uint32_t renewed, look; /* ready.head at the last look at the clock, and at the next */
  /* ask.c, watchdog.c */
  luv_state *peer;       /* the next of the states of this process */
  int tid;               /* the kernel's number of its thread */
  uint64_t thread_number; /* ask.c's, which is never given again */
  uint32_t thread_id;    /* luv's */
  volatile int dump_wanted; /* atomic */
  int barked;            /* about this turn */
  uint64_t watch_ns;     /* how long a turn may be; 0: no watchdog */
  uint64_t watched_turn, hog_since, hogs;
  int ref_slow;
  /* stats.c */
  uint32_t delay_mark;   /* ready.head when the fiber that is timed has its turn */
  uint64_t delay_from;   /* when it was queued; 0: none is timed */
  uint64_t delay_max, delay_n;
  uint32_t delays[LUV_DELAYS];
  uint64_t bytes_read, bytes_written, gc_closed;
  int trace_handles;     /* LUV_DEBUG=leaks */
  luv_place chans[1 << LUV_CHAN_BITS];
  luv_place thread_chans[1 << LUV_THREAD_CHAN_BITS]; /* the same, of luv.thread.chan */
#ifdef LUV_CHECK
  struct luv_check_alloc *check_alloc;
#endif
  luv_fiber main;
};

enum { LUV_LOOKING = 1, LUV_SERVING }; /* state->looking: the latter, from the read buffer */

/* state->dump_wanted: a dump to stderr, one for who asks, what the running turn does */
enum { LUV_DUMP_STDERR = 1, LUV_DUMP_ASKED = 2, LUV_DUMP_HOG = 4 };
void luv__ask_hook(lua_State *L, lua_Debug *ar); /* on the thread asked for a dump */
void luv__states_add(luv_state *S);
void luv__states_here(luv_state *S);
void luv__states_remove(luv_state *S);
void luv__states_each(void (*fn)(luv_state *S, int n), int n); /* a signal handler may */
void luv__dump_asked(luv_state *S, lua_State *W, int at_hook);
/* The delay of the ready queue: begins and ends one measurement, at a look at the clock. */
void luv__delay_begin(luv_state *S, uint64_t now);
void luv__delay_end(luv_state *S, uint64_t now);


/* The running fiber, or NULL. */
static inline luv_fiber *luv_current(luv_state *S) { return S->current; }

#define luv_ready_empty(S) ((S)->ready.head == (S)->ready.tail)

static inline int luv__slice_is_over(luv_state *S) { return uv_hrtime() - S->slice >= LUV_SLICE; }

/* A fiber whose calls never have to wait still lets the others have their turn: about once a
 * millisecond it waits as if it had to, if it can. `ops` counts such calls, of one kind. */
static inline int luv__overdue(luv_state *S, lua_State *L, uint32_t *ops) {
  return (++*ops & 63) == 0 && luv__slice_is_over(S) && luv__may_wait(S, L);
}

/* The same for calls that would not all have to wait: only those that follow each other without a
 * switch are counted. */
static inline int luv__hogging(luv_state *S, lua_State *L) {
  if (S->busy_from != S->ready.head) {
    S->busy_from = S->ready.head;
    S->busy_ops = 0;
  }
  return luv__overdue(S, L, &S->busy_ops);
}

/* The next such call is the one that looks at the clock: a short way leaves it to the face,
 * whose count it must not take away. */
static inline int luv__overdue_is_next(uint32_t ops) { return (ops & 63) == 63; }

/* In a loop that waits for another CPU. */
static inline void luv__relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Has hook called before the next instruction of L. A signal handler may. */
#define LUV_HOOK_ANY (LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT)
static inline void luv__hook_at_once(lua_State *L, lua_Hook hook) { lua_sethook(L, hook, LUV_HOOK_ANY, 1); }

/* A hook makes room for one of luv's, and is put back. */
static inline luv_hook luv__hook_of(lua_State *L) {
  luv_hook h = {lua_gethook(L), lua_gethookmask(L), lua_gethookcount(L)};
  return h;
}
static inline void luv__hook_put_back(lua_State *L, luv_hook h) { lua_sethook(L, h.fn, h.mask, h.count); }

/* The state whose loop runs on this OS thread, or NULL. Initial-exec: no call for it. */
extern __thread luv_state *luv__running __attribute__((tls_model("initial-exec")));

/* On the thread of S: no code of a script runs, but that of a fiber may at any moment. */
static inline int luv__between_turns(luv_state *S) {
  return !S->current && (luv__running == S || S->main.status == LUV_WAITING);
}

/* Raises a cancellation that is pending; stands at the head of each face that waits. */
#define luv__check_cancel(S, L) \
  (luv_current(S) && (luv_current(S)->flags & LUV_F_CANCEL) ? luv__raise_cancel(S, L) : (void)0)

luv_state *luv__state(lua_State *L);
void luv__close_state(luv_state *S, lua_State *L);
#define luv_upstate(L) ((luv_state *)lua_touserdata(L, lua_upvalueindex(1)))
extern int luv__forked;
void luv__refuse(lua_State *L);
/* First line of every face: the state, or an error after a fork or while it closes. */
static inline luv_state *luv_enter(lua_State *L) {
  luv_state *S = luv_upstate(L);
  if (LUV_UNLIKELY(luv__forked | S->dead)) luv__refuse(L);
  luv__check_crossing(L);
  return S;
}
/* Runs fn with ud as its one argument, a light userdata, on the scheduler's own Lua thread M,
 * protected; nonzero: an error is on M. Nothing that fn calls can wait. */
int luv__protect(luv_state *S, lua_CFunction fn, void *ud);
/* The same, and nobody polls meanwhile: what is closed by a finaliser is not freed yet. */
int luv__protect_still(luv_state *S, lua_CFunction fn, void *ud);
/* The same for an fn that raises nothing of its own, and may be called again: what a finaliser
 * raises that comes to run meanwhile is not its error. Nonzero: there is no memory. */
int luv__protect_made(luv_state *S, lua_CFunction fn, void *ud);
int luv__finalizer_failed(luv_state *S);

/* ---- codec_library.c, codec_blob.c ------------------------------------------------ */

void luv__codec_once(void);
void luv__codec_begin(luv_state *S, lua_State *L);
void luv__codec_open(luv_state *S, lua_State *L);
void luv__library_add(luv_state *S, lua_State *L, int list, const char *module, const char *name);
void luv__library_add_table(luv_state *S, lua_State *L, int list, const char *module);
void luv__codec_push_list(luv_state *S, lua_State *L);
void luv__codec_close(luv_state *S);

/* ---- error.c ------------------------------------------------------------------- */

int luv_chan_put(lua_State *L);
int luv_chan_get(lua_State *L);
#define LUV_CHAN_SLOTS 512 /* fibers with these slots have a place for a value on its way */
#define LUV_CHAN_WAITS 16777216
#define LUV_ZMQ_FRAME 4096 /* bytes that compiled code receives at most */
int luv_chan_fast_put(luv_state *S, const void *box);
int luv_chan_fast_get(luv_state *S, const void *box);
int luv__chan_land_put(lua_State *L);
int luv__chan_land_get(lua_State *L);
int luv__chan_ring(lua_State *L);
void luv__chan_forget(luv_object *o);
int luv_thread_chan_put(lua_State *L);
int luv_thread_chan_get(lua_State *L);
int luv_thread_chan_put_text(luv_state *S, const void *box, const char *p, size_t n);
int luv_thread_chan_put_number(luv_state *S, const void *box, double x);
int luv_thread_chan_take(luv_state *S, const void *box, double *number, char *text);
void luv__thread_chan_forget(luv_object *o);
int luv_mutex_lock(lua_State *L);
int luv_cancelled(lua_State *L);
int luv_scope(lua_State *L);
int luv__scope_create(lua_State *L);
int luv__scope_failed(lua_State *L);
int luv__scope_wait(lua_State *L);
int luv__scope_leave(lua_State *L);
void luv__scope_closing(luv_object *o);
int luv_mutex_with(lua_State *L);
int luv_semaphore_acquire(lua_State *L);
void luv__push_face(luv_state *S, lua_State *L, lua_CFunction fn, int class_id);
void luv__errno_name(int err, char *to, size_t n);
void luv__errno_text(int err, char *to, size_t n);
int luv__fail(lua_State *L, int err);          /* nil, "NAME: text", "NAME" */
int luv__arg_error(luv_state *S, lua_State *L, int arg, const char *fname,
                   const char *msg);
int luv__type_error(luv_state *S, lua_State *L, int idx, int arg,
                    const char *fname, const char *expected);
int luv__error(luv_state *S, lua_State *L, const char *fmt, ...);
/* The object of a method call: NULL if it is closed, raises for anything else. */
static inline void *luv__self(luv_state *S, lua_State *L, int class_id, const char *fname) {
  luv_box *b = luv__tobox(L, 1, class_id);
  if (LUV_UNLIKELY(!b)) luv__type_error(S, L, 1, 0, fname, luv__class_name(class_id));
  return b->o && LUV_LIKELY(!(b->o->flags & LUV_O_CLOSING)) ? b->o : NULL;
}

/* What the beginning of a wait returns when it has failed. */
static inline int luv__refused(luv_fiber *f, int err) {
  f->wait.arg = (uint64_t)(int64_t)err;
  return LUV_OUT_ERROR;
}

/* limits.c */
int luv__threads_possible(int n);
int luv__pool_possible(void);
int luv__thread_make(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
const char *luv__runtime_lacks(void);
void luv__last(luv_state *S, lua_State *L, int idx, int arg, const char *fname);
/* The optional timeout at `idx`: seconds, LUV_NO_TIMEOUT for nil. Raises. */
double luv__opt_timeout(luv_state *S, lua_State *L, int idx, int arg,
                        const char *fname);
/* Pushes on W "file:line: " of who called the face that L is in. */
void luv__where(lua_State *L, lua_State *W);
void luv__push_cancelled(luv_state *S, lua_State *L, luv_fiber *f);
void luv__push_expired(luv_state *S, lua_State *L);
int luv__is_cancelled(luv_state *S, lua_State *L, int idx);

/* ---- wakeup.c, interrupt.c ----------------------------------------------------------------- */

void luv__wakeup(luv_state *S);
int luv__wakeup_open(luv_state *S);
void luv__wakeup_close(luv_state *S);
void luv__interrupt_enter(luv_state *S);
void luv__interrupt_leave(luv_state *S);
void luv__interrupt_forget(luv_state *S);
void luv__interrupt_again(void);
/* Each stops the fiber that is about to run, if a signal has asked for that. */
void luv__interrupt_nudge(luv_state *S);
void luv__thread_nudge(luv_state *S);
void luv__ask_nudge(luv_state *S);

/* ---- signal.c ------------------------------------------------------------------------- */

int luv__signal_is_ours(const struct sigaction *now);
void luv__signals_arrived(luv_state *S);
/* What signal handlers have counted reaches the watchers: part of each look at the outside. */
#define luv__signals_serve(S) (LUV_UNLIKELY((S)->signals != NULL) ? luv__signals_arrived(S) : (void)0)
void luv__signal_closing(luv_object *o);
void luv__signals_free(luv_state *S);
void luv__signals_forked(void);
int luv__children_watch(luv_state *S);
void luv__children_forget(luv_state *S);

/* ---- uvext.c ------------------------------------------------------------------------ */

int luv__signal_onstack(int signum);
void luv__handle_signal(int signum, void (*fn)(int));
int luv__end_of_stream(uv_stream_t *h);
int luv__tcp_replace(uv_tcp_t *t, int own, int fd);
int luv__tcp_close_reset(luv_object *o);
void luv__close_all(uv_loop_t *loop);

/* ---- os.c ---------------------------------------------------------------------------- */

int luv__setenv(const char *name, const char *value);
int luv__unsetenv(const char *name);
void luv__setup_args(void);

/* ---- go.c: the functions of Go, wherever they are called from ---------------------- */

int luv__go_open(luv_state *S);
void luv__go_thread(void *thread);
void luv__go_close(uint64_t go);
void luv__go_call(luv_call *call);
int luv__go_run(luv_state *S);
void luv__go_event(uint64_t go, int what, int64_t a, const void *p);
void luv__go_release(uint64_t go, int why);
void luv__go_exit(double seconds);
enum { LUV_SHARE_HOLD, LUV_SHARE_TAKE, LUV_SHARE_DROP };
uint64_t luv__go_share(int what, uint64_t n);
void luv__go_seal(const void *data, uint64_t n, void *mac);

#endif
