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

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
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
typedef struct luv_tie luv_tie;
typedef struct luv_keeper luv_keeper;

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

#include "face.h"
#include "fiber.h"
#include "object.h"
#include "call.h"
#include "room.h"

/* ---- state.c ------------------------------------------------------------------ */

#include "state.h"

enum { LUV_LOOKING = 1, LUV_SERVING }; /* state->looking: the latter, from the read buffer */

/* state->dump_wanted: a dump to stderr, one for who asks, what the running turn does */
enum { LUV_DUMP_STDERR = 1, LUV_DUMP_ASKED = 2, LUV_DUMP_HOG = 4 };

/* The running fiber, or NULL. */
static inline luv_fiber *luv_current(luv_state *S) { return S->current; }

/* The fiber that runs; the main chunk counts as one. */
static inline luv_fiber *luv__me(luv_state *S) {
  luv_fiber *f = luv_current(S);
  return f ? f : &S->main;
}


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

/* The result of a system call, which is made again when a signal has come between. */
#define LUV_RETRY(call) \
  __extension__({ \
    long luv_result; \
    do luv_result = (long)(call); \
    while (luv_result < 0 && errno == EINTR); \
    luv_result; \
  })

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
enum { LUV_LINGERS = 1, LUV_LINGERS_ASKED }; /* state->lingers: its finaliser has been called, too */
void luv__linger(luv_state *S);
void luv__linger_no_more(luv_state *S, lua_State *L);
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
int luv__finalizer_failed_on(luv_state *S, lua_State *L); /* the error on top of L, which stays there */
int luv__out_of_memory(lua_State *M); /* whether the value on top says so */
void luv__error_told(luv_state *S);

/* ---- error.c ------------------------------------------------------------------- */

void luv__errno_name(int err, char *to, size_t n);
void luv__errno_text(int err, char *to, size_t n);
int luv__fail(lua_State *L, int err);          /* nil, "NAME: text", "NAME" */
/* The same, with what it is about behind the text, and "-> " a second; NULL: nothing. */
int luv__fail_about(lua_State *L, int err, const char *path, const char *path2);
int luv__fail_of(lua_State *W, lua_State *L, int err); /* the same, pushed on W, of the call on L */
/* Errors that are an engine's (stream.h), beside libuv's. */
enum { LUV_ECERT = -5001, LUV_ETLS = -5002, LUV_ETRUNCATED = -5003 };
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
void luv__init_lock(pthread_mutex_t *lock);
void luv__surplus(luv_state *S, lua_State *L, int idx, int arg, const char *fname);
/* A mistake in the order of arguments would go unseen if what is left over were ignored: raises
 * if there is anything behind idx, argument `arg`. Most functions are counted before they are
 * called (build.c). */
static inline void luv__last(luv_state *S, lua_State *L, int idx, int arg, const char *fname) {
  if (LUV_UNLIKELY(lua_gettop(L) > idx)) luv__surplus(S, L, idx + 1, arg + 1, fname);
}
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
void luv__ring(luv_state *S);         /* from any thread: other threads have done something */
void luv__ring_arrived(luv_state *S); /* the same: the pool has */
int luv__blocks(luv_state *S);
void luv__unblocks(luv_state *S);
int luv__wakeup_open(luv_state *S);
void luv__wakeup_close(luv_state *S);

/* ---- exit.c ------------------------------------------------------------------------- */

void luv__pool_enter(int harmless); /* something was handed to the pool of the process */
void luv__pool_leave(int harmless);
void luv__poller_come(void); /* libuv hands something there for each, until it lets go of it */
void luv__poller_gone(void);
void luv__pool_count(unsigned *threads, unsigned *running, unsigned *queued);
void luv__pool_exit(int status);
void luv__exits_with(int status); /* the process, as soon as all has been called that is to be */
extern int luv__own_threads;      /* atomic */

/* ---- uvext.c ------------------------------------------------------------------------ */

int luv__signal_onstack(int signum);
void luv__handle_signal(int signum, void (*fn)(int));
int luv__end_of_stream(uv_stream_t *h);
int luv__tcp_replace(uv_tcp_t *t, int own, int fd);
int luv__tcp_close_reset(luv_object *o);
void luv__close_all(uv_loop_t *loop);

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

/* tls.c: what Go does with the bytes of a connection, whose number is `slot`. */
enum {
  LUV_TLS_START,  /* begin the handshake */
  LUV_TLS_OPEN,   /* the peer's bytes: what is plain of them goes to `to` */
  LUV_TLS_ENDED,  /* no more of these come: why is in `status` */
  LUV_TLS_SEAL,   /* plain bytes, to be sent */
  LUV_TLS_NOTIFY, /* the last of them: close_notify */
  LUV_TLS_FLUSH,  /* what Go has to send by itself */
  LUV_TLS_CLOSE,  /* the connection goes: its close_notify, if one is due */
  LUV_TLS_WHY     /* the text of the error */
};
enum { LUV_TLS_MORE = 1, LUV_TLS_FULL, LUV_TLS_LAST }; /* status: `to` is full; so is the handshake's memory; close_notify has come */
typedef struct {
  uint64_t slot;
  int what, status; /* 0, one of the above, or an error */
  const char *in;
  char *to;
  size_t n, room, done; /* bytes in `in`, room in `to`, bytes put there */
  size_t pending;       /* bytes that FLUSH would give */
} luv_record;
void luv__go_record(luv_record *r);
int luv__go_accepted(uint64_t listener, luv_object *o);

#endif
