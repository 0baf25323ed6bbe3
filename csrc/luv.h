/* luv.h - the vocabulary of the data plane.
 *
 * Names carry the condition under which a function may be called:
 *   luv_xxx      a face: a lua_CFunction that a script can name, may raise
 *   luv__xxx     internal, does not raise unless its comment says so
 *   luv_on_xxx   called by libuv: records, wakes, never runs Lua code
 *   goXxx        written in Go (export.go), must never see a Lua error
 *
 * Invariants (asserted in the check build, see check.c):
 *   1. At most one fiber of a state is RUNNING, and it is state->current.
 *   2. A READY fiber is in state->ready once; its wait.node is in no queue.
 *   3. A WAITING fiber's wait.node is in a queue of what it waits for, or in
 *      state->asleep; wait.op says which operation, wait.seq which wait.
 *   4. A fiber that is READY, RUNNING or WAITING is anchored in the registry
 *      (its slot is not 0); a NEW or DEAD one lives only as long as Lua holds it.
 *      Does not hold inside luv__fiber_finish, which gives the slot back last.
 *   5. Handle memory is freed in its libuv close callback and nowhere else. */
#ifndef LUV_H
#define LUV_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include "compat.h"
#include "queue.h"

typedef struct luv_state luv_state;
typedef struct luv_fiber luv_fiber;
typedef struct luv_frame luv_frame;
typedef struct luv_object luv_object;
typedef struct luv_stream luv_stream;

#define LUV_FOREVER UINT64_MAX
#define LUV_LIKELY(x) __builtin_expect(!!(x), 1)
#define LUV_UNLIKELY(x) __builtin_expect(!!(x), 0)

#ifdef LUV_CHECK
void luv__assert_fail(const char *what, const char *file, int line);
#define luv_assert(x) ((x) ? (void)0 : luv__assert_fail(#x, __FILE__, __LINE__))
void luv__check_crossing(lua_State *L);
void luv__check_state(luv_state *S);
#else
#define luv_assert(x) ((void)0)
#define luv__check_crossing(L) ((void)0)
#define luv__check_state(S) ((void)0)
#endif

/* ---- due.c: what is to happen at a time ---------------------------------- */

enum { LUV_DUE_FIBER, LUV_DUE_TIMER };

/* One thing with a time. `index` is 1 + its place in the heap, 0: not there. */
typedef struct {
  uint64_t at; /* ns on uv_hrtime; 0: nothing is due */
  uint32_t index;
  uint32_t kind;
} luv_due;

typedef struct { uint64_t at; luv_due *due; } luv_due_entry;
typedef struct { luv_due_entry *v; uint32_t n, cap; } luv_heap;

int luv__due_insert(luv_heap *h, luv_due *d, uint64_t at);
void luv__due_remove(luv_heap *h, luv_due *d);
void luv__due_fire(luv_state *S);
uint64_t luv__due_first(luv_state *S);
/* Nanoseconds from seconds as a script gives them; what is too large is for ever. */
uint64_t luv__nanoseconds(double seconds);
uint64_t luv__due_in(luv_state *S, double seconds);

/* ---- wait.c: one wait, one token ------------------------------------------ */

/* What a fiber can wait for. The row of luv__ops says how each begins. */
enum {
  LUV_OP_NONE,
  LUV_OP_SLEEP,
  LUV_OP_JOIN,
  LUV_OP_SUSPEND, /* fiber:suspend(), until fiber:resume() */
  LUV_OP_TIMER,
  LUV_OP_EVENT,   /* an object's next event, counted */
  LUV_OP_COND,
  LUV_OP_READ,
  LUV_OP_READ_EXACTLY,
  LUV_OP_READ_LINE,
  LUV_OP_READ_UNTIL,
  LUV_OP_READ_ALL,
  LUV_OP_WRITE,
  LUV_OP_SHUTDOWN,
  LUV_OP_ACCEPT,
  LUV_OP_CONNECT,
  LUV_OP_GO,      /* an operation that Go carries out */
  LUV_OP_RUN,     /* luv.run: until nothing is left */
  LUV_OP_COUNT
};

/* How a wait ended: what the run loop pushes before it resumes. */
enum {
  LUV_OUT_STACK,  /* fiber->nargs values are on the stack already */
  LUV_OUT_DATA,   /* wait.arg bytes at wait.on, in the loop's arena */
  LUV_OUT_TRUE,
  LUV_OUT_SELF,   /* argument 1 of the suspended call */
  LUV_OUT_COUNT,  /* wait.arg as a number */
  LUV_OUT_ERROR,  /* wait.arg is a libuv error: nil, message, name */
  LUV_OUT_TIMEOUT,
  LUV_OUT_OBJECT, /* wait.on is a new object, not yet in a userdata */
  LUV_OUT_JOINED, /* wait.on is the fiber that ended */
  LUV_OUT_VALUES, /* wait.on is a luv_values of Go's */
  LUV_OUT_CANCEL, /* raise the cancellation */
  LUV_OUT_EXPIRED,/* raise: a luv.timeout around the wait has passed */
  LUV_OUT_RAISE,  /* raise wait.on, a static message */
  LUV_OUT_DEADLOCK /* raise the report of who sleeps */
};

typedef struct {
  uint8_t out, op;
  uint8_t external; /* an event from outside (or the clock) can end it */
  uint8_t scoped;   /* the deadline is a luv.timeout's, not the call's own */
  uint8_t keep;     /* suspended while ready: resume with what is on the stack */
  uint32_t seq;     /* grows by one with every wait of the fiber */
  luv_queue node;
  luv_due due;
  void *on;
  uint64_t arg;
  uint64_t since;   /* loop time when it began, ns */
  uint64_t done;    /* of a write: bytes that went at once */
} luv_wait;

typedef struct {
  const char *name;
  int external;
  int (*begin)(luv_state *S, luv_fiber *f); /* links; may end the wait at once */
  void (*abandon)(luv_state *S, luv_fiber *f); /* ended by timeout, cancel, close */
} luv_op;

extern const luv_op luv__ops[LUV_OP_COUNT];

/* Suspends the calling fiber, or runs the loop in place in the main chunk; to be
 * used as `return luv__suspend(...)`. `timeout` is the call's own, in seconds.
 * May raise: cancellation, an expired luv.timeout, a coroutine luv does not know. */
int luv__suspend(luv_state *S, lua_State *L, int op, void *on, uint64_t arg,
                 double timeout);
#define LUV_NO_TIMEOUT (-1.0)

void luv__wake(luv_state *S, luv_fiber *f, int out);
void luv__wake_error(luv_state *S, luv_fiber *f, int err);
void luv__wake_all(luv_state *S, luv_queue *waiters, int out, uint64_t arg);
void luv__wake_all_error(luv_state *S, luv_queue *waiters, int err);
/* Ends a wait from outside (timeout, cancel): lets the operation clean up first. */
void luv__abandon(luv_state *S, luv_fiber *f, int out);
void luv__wait_begin(luv_state *S, luv_fiber *f);
/* Pushes the outcome of f's wait on W; returns how many values, or LUV_RAISE with
 * the error value on W. May raise on W (memory). */
int luv__outcome(luv_state *S, luv_fiber *f, lua_State *W);
#define LUV_RAISE (-1)
void luv__raise_cancel(luv_state *S, lua_State *L);

/* ---- frame.c: the Lua threads that a fiber is made of --------------------- */

enum { LUV_FRAME_PCALL, LUV_FRAME_XPCALL, LUV_FRAME_TIMEOUT, LUV_FRAME_RESUME,
       LUV_FRAME_WRAP };

/* One Lua thread pushed by pcall, xpcall, timeout or coroutine.resume. */
struct luv_frame {
  lua_State *L;
  luv_frame *parent;
  uint64_t due;    /* of a timeout */
  uint8_t kind;
  uint8_t pooled;  /* 1 + its place in the pool, 0: its parent's stack holds it */
  uint8_t local;   /* the record is on the C stack of the face that pushed it */
};

/* What runs: the innermost thread, and the frames from it down to the base. */
typedef struct {
  lua_State *L;
  luv_frame *top;
  luv_fiber *fiber; /* NULL: a coroutine resumed by the main chunk */

} luv_chain;

enum { LUV_RAN_END, LUV_RAN_ERROR, LUV_RAN_YIELD, LUV_RAN_SUSPEND };
#define LUV_MAX_NEST 100 /* frames on the C stack; deeper ones are started by the run loop */

/* lua_resume, or with LUV_RAISE: L raises the error that is on M. */
int luv__resume(luv_state *S, lua_State *L, int nargs);
int luv__drive(luv_state *S, luv_chain *c, luv_frame *until, int nargs);
/* The second half of it: the innermost thread was resumed, and returned rc. */
int luv__settle(luv_state *S, luv_chain *c, luv_frame *until, int rc);
/* Yields from a face that waits: the whole chain, up to the run loop. */
int luv__yield_suspended(luv_state *S, lua_State *L, luv_chain *c);
extern const char luv__suspended; /* its address marks such a yield */
int luv__room(lua_State *L, int n);
/* Pushes on W the traceback of all of f's threads, under msg (or NULL). */
void luv__traceback(luv_state *S, luv_fiber *f, lua_State *W, const char *msg);
uint64_t luv__frame_due(luv_frame *f); /* the earliest of the timeouts around */
/* Replaces the C function on top of L by what Lua is to call instead (LuaJIT). */
void luv__wrap_suspending(luv_state *S, lua_State *L);
/* Pushes a Lua function to run the function at idx with, if that is C on Lua 5.1. */
int luv__push_body(luv_state *S, lua_State *L, int idx);
#define LUV_POOL 64

/* ---- fiber.c ---------------------------------------------------------------- */

enum { LUV_NEW, LUV_READY, LUV_RUNNING, LUV_WAITING, LUV_DEAD };

enum {
  LUV_F_MAIN = 1,      /* the main chunk's wait, not a fiber a script made */
  LUV_F_ENV = 2,       /* the userdata has an environment table of its own */
  LUV_F_CANCEL = 4,    /* the next suspending call raises */
  LUV_F_FAILED = 8,    /* died of an error; its value is on the stack */
  LUV_F_UNTAKEN = 16,  /* no join has taken that error yet */
  LUV_F_LOCALS = 32,   /* that table holds more than the thread */
  LUV_F_HANDLER = 64   /* runs luv.on_error's function: its own error goes to stderr */
};

/* What a switch touches comes first, together. */
struct luv_fiber {
  luv_chain chain;
  int nargs;           /* values on the stack for the next resume */
  uint8_t status, flags;
  luv_wait wait;
  lua_State *base;     /* the thread that runs fn; chain.L when no frame is pushed */
  luv_state *state;
  luv_queue joiners;
  char *name;          /* malloc'd, or NULL */
  uint32_t slot;       /* anchors[2 * slot - 1] is base, [2 * slot] the userdata */
  uint32_t id;
};

luv_fiber *luv__fiber_new(luv_state *S, lua_State *L, int narg);
void luv__fiber_ready(luv_state *S, lua_State *L, luv_fiber *f);
void luv__fiber_finish(luv_state *S, luv_fiber *f, int failed);
luv_fiber *luv__tofiber(luv_state *S, lua_State *L, const char *fname);
/* Pushes the userdata of a living fiber. */
void luv__push_fiber(luv_state *S, lua_State *W, luv_fiber *f);
/* Pushes on W what a dead fiber returned, or LUV_RAISE and its error. May raise. */
int luv__push_joined(luv_state *S, luv_fiber *f, lua_State *W);
void luv__report(luv_state *S, luv_fiber *f);

/* ---- sched.c: the ready queue and the run loop ---------------------------- */

#define LUV_BUDGET 64
#define LUV_SLICE 1000000 /* ns that ready fibers may keep the loop from polling */
enum { LUV_RUN_DEFAULT, LUV_RUN_ONCE, LUV_RUN_NOWAIT };

/* Runs fibers and polls until the main wait has ended. Called by Go's Loop.Run. */
int luv__sched_run(luv_state *S);
/* The same from C, by way of Go; 1: an error value is on L. */
int luv__run_main(luv_state *S, lua_State *L);
/* The ready queue: a ring that has room for every fiber there is. */
typedef struct { luv_fiber **v; uint32_t head, tail, mask; } luv_ring;

void luv__enqueue(luv_state *S, luv_fiber *f);
int luv__ready_reserve(luv_state *S, uint32_t n);
void luv__ready_push(luv_state *S, luv_fiber *f);
int luv__ready_remove(luv_state *S, luv_fiber *f);
void luv__budget_renew(luv_state *S);
void luv__poll(luv_state *S, int block);
void luv__spin(luv_state *S);
void luv__glance(luv_state *S);
void luv__deadlock_report(luv_state *S, lua_State *W);

/* ---- object.c: what a userdata stands for --------------------------------- */

enum { LUV_CLASS_FIBER, LUV_CLASS_TIMER, LUV_CLASS_TCP, LUV_CLASS_PIPE,
       LUV_CLASS_TTY, LUV_CLASS_COND, LUV_CLASS_THREAD, LUV_CLASS_OTHER };
#define LUV_MAX_CLASSES 48
/* What goEvent and a Go handle's callbacks are about. */
enum { LUV_EV_FIRED, LUV_EV_CONNECTION, LUV_EV_CONNECT, LUV_EV_READ, LUV_EV_WRITE,
       LUV_EV_SHUTDOWN, LUV_EV_ADDRINFO };

enum {
  LUV_O_HANDLE = 1,   /* has libuv handle memory, which must be closed */
  LUV_O_CLOSING = 2,  /* closed for the script; the close callback may be pending */
  LUV_O_STREAM = 4,
  LUV_O_GO = 8,       /* events go to Go, by slot number */
  LUV_O_READING = 16,
  LUV_O_EOF = 32,     /* the stream has ended; wait for the buffer to drain */
  LUV_O_LISTENING = 64,
  LUV_O_CONNECTING = 128,
  LUV_O_FLOWING = 256, /* stream:start() asked for reading ahead */
  LUV_O_HELD = 512,    /* a connection waits in libuv because `accepted` is full */
  LUV_O_SHUT = 1024    /* shutdown has begun: no more writes */
};

/* The userdata. `magic` tells it from any other userdata of the same size, which is
 * cheaper to see than whose metatable it has; `o` is NULL once the handle is closed. */
typedef struct {
  const void *magic; /* &luv__magic */
  luv_object *o;
  uint32_t class_id;
  uint32_t spare[3]; /* an uncommon size */
} luv_box;
extern const char luv__magic;

struct luv_object {
  luv_state *S;       /* NULL: made by Go alone */
  luv_box *box;       /* NULL: no userdata (yet, or any more) */
  luv_queue link;     /* in state->objects */
  luv_queue waiters;
  uint64_t slot;      /* Go's slot number and generation; 0: none */
  uint64_t events;    /* that no wait has taken yet */
  uint32_t flags;
  uint8_t class_id;
  uint8_t uv_type;
};

luv_object *luv__object_new(luv_state *S, int class_id, size_t size);
luv_object *luv__handle_new(luv_state *S, int class_id, int uv_type);
uv_handle_t *luv__handle(luv_object *o);
void luv__object_close(luv_object *o);
void luv__object_dispose(luv_object *o);
void luv__push_object(luv_state *S, lua_State *W, luv_object *o);
/* The luv userdata at idx, of whatever class; NULL for anything else. */
static inline luv_box *luv__anybox(lua_State *L, int idx) {
  luv_box *b = lua_touserdata(L, idx);
  if (LUV_LIKELY(b && lua_objlen(L, idx) == sizeof *b && b->magic == &luv__magic)) return b;
  return NULL;
}
static inline luv_box *luv__tobox(lua_State *L, int idx, int class_id) {
  luv_box *b = luv__anybox(L, idx);
  return b && b->class_id == (uint32_t)class_id ? b : NULL;
}
int luv__class_of(luv_state *S, lua_State *L, int idx);

/* ---- timer.c ----------------------------------------------------------------- */

typedef struct {
  luv_object o;
  luv_due due;
  uint64_t repeat; /* ns; 0: once */
} luv_timer;

void luv__timer_fire(luv_state *S, luv_timer *t);

/* ---- stream.c, read.c, write.c, accept.c ------------------------------------- */

#define LUV_READ_SIZE 65536       /* the loop's one read buffer */
#define LUV_ARENA 65536
#define LUV_ARENA_PIECE 2048      /* what is longer is made a string at once */
#define LUV_HIGH_WATER 262144     /* unread bytes at which reading stops */
#define LUV_ACCEPT_AHEAD 64       /* connections taken before accept() asks */

typedef struct { char *p; size_t head, len, cap; } luv_buffer;

typedef struct luv_write luv_write;

struct luv_stream {
  luv_object o;
  luv_queue readers, writers;
  luv_queue accepted;   /* streams that no accept() has taken, by o.link */
  luv_write *writing;   /* the one request that libuv has, or NULL */
  luv_buffer in;
  size_t scanned;       /* bytes of `in` without the head reader's delimiter */
  int naccepted;
  int error;            /* what ended the stream: UV_EOF or an error */
  uv_connect_t connect;
  union { uv_stream_t s; uv_tcp_t tcp; uv_pipe_t pipe; uv_tty_t tty; } h;
};

luv_stream *luv__stream_new(luv_state *S, int class_id);
int luv__push_accepted(luv_state *S, lua_State *L, lua_State *W, luv_object *c);
int luv__tcp_connect(luv_stream *s, const struct sockaddr *addr);
void luv_on_connection(uv_stream_t *h, int status);
void luv__stream_closing(luv_stream *s);
int luv__buffer_append(luv_buffer *b, const char *p, size_t n);
int luv__buffer_prepend(luv_buffer *b, const char *p, size_t n);
void luv__buffer_consume(luv_buffer *b, size_t n);
void luv__buffer_free(luv_buffer *b);
void luv__stream_read_more(luv_stream *s);
void luv__stream_read_stop(luv_stream *s);
void luv__write_closing(luv_stream *s);
void luv__accept_closing(luv_stream *s);
void luv__write_next(luv_stream *s);

/* ---- tramp.c: Lua -> Go, flat values both ways ------------------------------ */

enum { LUV_V_NIL, LUV_V_BOOLEAN, LUV_V_NUMBER, LUV_V_STRING, LUV_V_OBJECT,
       LUV_V_TABLE, LUV_V_SELF, LUV_V_OTHER };

/* A table is its number of pairs in `n`; 2 * n values follow it. A string that
 * Go hands over is malloc'd and freed here. `name` is the type name of OTHER. */
typedef struct {
  uint32_t type;
  uint32_t class_id;
  uint64_t n;
  union { double number; const char *s; void *p; } u;
} luv_value;

typedef struct { luv_value *v; int n, cap; } luv_values;

luv_value *luv__values_add(luv_values *a);
void luv__values_free(luv_values *a);
void luv__values_drop(luv_values *a);
/* Pushes all of it and frees its strings; returns how many. May raise (memory). */
int luv__values_push(luv_state *S, lua_State *W, luv_values *a);
void luv__add_number(luv_values *a, int type, double n);
void luv__add_string(luv_values *a, const char *p, size_t n);
void luv__add_object(luv_values *a, luv_object *o);
void luv__add_table(luv_values *a, size_t pairs);
int luv_trampoline(lua_State *L);

/* An operation that Go carries out while a fiber waits. */
typedef struct luv_goop {
  luv_queue link;  /* in state->goops */
  luv_fiber *f;    /* NULL: nobody waits (any more) */
  uint64_t go;
} luv_goop;

enum { LUV_ACT_RETURN, LUV_ACT_RAISE, LUV_ACT_SUSPEND, LUV_ACT_EVENT,
       LUV_ACT_CONNECT, LUV_ACT_SELF };

/* One call from Lua into Go: what C lays out before it, what Go answers in it. */
typedef struct {
  luv_state *S;
  luv_values args, ret;
  int number, act;
  luv_object *on;
  luv_goop *op;
  double timeout;
} luv_call;

luv_goop *luv__goop_new(luv_state *S, uint64_t go);
/* Ends the wait for op, if it still lasts, with the values; they are taken over. */
void luv__goop_done(luv_state *S, luv_goop *op, luv_values *v);

/* ---- module.c: what Lua can name ------------------------------------------- */

/* Go registers, once per process: modules "luv", "luv.timer" ..., and classes. `face`
 * is a name of faces.h, or NULL for function `number` of Go's. */
void luv__register(const char *owner, const char *name, const char *face, int number,
                   int waits);
void luv__register_constant(const char *module, const char *name, const char *s, double n);
int luv__register_class(const char *name);
void luv__build(luv_state *S, lua_State *L); /* leaves the module table on L */
const char *luv__class_name(int class_id);

/* ---- what is made once per state by the files that use it ------------------- */
void luv__deliver_open(luv_state *S, lua_State *L);
void luv__wrapper_open(luv_state *S, lua_State *L);
int luv__fiber_locals(luv_state *S, lua_State *L, luv_fiber *f);

/* ---- state.c ------------------------------------------------------------------ */

struct luv_state {
  luv_ring ready;
  luv_chain *chain;    /* what runs now; NULL: the host's own code */
  luv_fiber *current;  /* the running fiber */
  luv_fiber *pending;  /* has asked to be suspended, wait not begun */
  luv_fiber *delivering; /* its outcome is being pushed */
  int attention;       /* the switch just made was not a plain yield, or main is woken */
  lua_State *M;        /* the scheduler's own Lua thread */
  uv_loop_t *loop;
  luv_heap heap;
  uint64_t now;        /* uv_hrtime at the last look */
  uint64_t armed;      /* what `alarm` is set to, ns; 0: off */
  int external;        /* waits that something outside can end */
  int depth;           /* the loop is running */
  int nest;            /* frames running on the C stack */
  int deferred;        /* arguments of a frame that the run loop is to start */
  lua_State *from;     /* the thread whose plain yield has just arrived */
  luv_chain stash;     /* the chain of the yield that is on its way to the run loop */
  uint64_t expired;    /* the deadline of the luv.timeout that passed last */
  int jit;
  int dead;            /* the Lua state is closing, or closed */
  uint32_t nfibers;    /* anchored fibers */
  uint32_t next_id;
  luv_queue asleep;    /* waits that are in no object's queue */
  luv_queue objects;
  luv_queue goops;
  uv_timer_t *alarm;
  uv_async_t *wakeup;
  char *readbuf;
  char *arena;         /* short data on its way to readers: emptied at every poll */
  uint32_t arena_used;
  uint64_t host;       /* Go's slot number for this state */
  luv_call call;       /* the call into Go that is under way */
  int failed;          /* a fiber's error was not joined when the state closed */
  /* spin.c */
  uint64_t spin;       /* ns to poll before blocking; 0: off */
  int spin_miss, spin_skip;
  /* registry references */
  int ref_meta[LUV_MAX_CLASSES];
  int ref_anchors, ref_pool, ref_raise, ref_on_error,
      ref_traceback, ref_wrapper, ref_body, ref_env, ref_module, ref_state,
      ref_kept, ref_kept_error, ref_deliver, ref_cancelled, ref_expired, ref_thread;
  uint32_t *free_slots;
  uint32_t nfree, cap_slots, top_slot;
  lua_State *pool[LUV_POOL]; /* threads for pcall; NULL: none made */
  uint8_t pool_idle[LUV_POOL]; /* a stack of the places of those not in use */
  int npool;
  lua_Hook hook;       /* what raise_in displaced */
  int hook_mask, hook_count;
  const void *metas[LUV_MAX_CLASSES];
  /* statistics */
  uint64_t switches, polls, go_callbacks;
  int untaken;         /* errors that no join has taken */
  volatile int interrupted;
  int run_mode;        /* of luv.run: RUN_DEFAULT, RUN_ONCE, RUN_NOWAIT */
  uint64_t slice;      /* when fibers began to run without a poll, ns */
  int budget;          /* switches until the next look at the clock */
  luv_fiber main;
};

#define luv_ready_empty(S) ((S)->ready.head == (S)->ready.tail)

/* The state whose loop runs on this OS thread, or NULL. Initial-exec: no call for it. */
extern __thread luv_state *luv__running __attribute__((tls_model("initial-exec")));

/* Raises a cancellation that is pending; stands at the head of each face that waits. */
#define luv__check_cancel(S, L) \
  ((S)->current && ((S)->current->flags & LUV_F_CANCEL) ? luv__raise_cancel(S, L) : (void)0)

luv_state *luv__state(lua_State *L);
#define luv_upstate(L) ((luv_state *)lua_touserdata(L, lua_upvalueindex(1)))
extern int luv__forked;
/* First line of every face: the state, or an error after a fork. */
static inline luv_state *luv_enter(lua_State *L) {
  if (LUV_UNLIKELY(luv__forked)) luaL_error(L, "luv: used after fork");
  luv__check_crossing(L);
  return luv_upstate(L);
}
int luv__protect(luv_state *S, lua_CFunction fn, void *ud);

/* ---- error.c ------------------------------------------------------------------- */

int luv__fail(lua_State *L, int err);          /* nil, "NAME: text", "NAME" */
int luv__arg_error(luv_state *S, lua_State *L, int arg, const char *fname,
                   const char *msg);
int luv__type_error(luv_state *S, lua_State *L, int idx, int arg,
                    const char *fname, const char *expected);
int luv__error(luv_state *S, lua_State *L, const char *fmt, ...);
/* The optional timeout at `idx`: seconds, LUV_NO_TIMEOUT for nil. Raises. */
double luv__opt_timeout(luv_state *S, lua_State *L, int idx, int arg,
                        const char *fname);
/* Pushes on W "file:line: " of who called the face that L is in. */
void luv__where(lua_State *L, lua_State *W);
void luv__push_cancelled(luv_state *S, lua_State *L, luv_fiber *f);
void luv__push_expired(luv_state *S, lua_State *L);
int luv__is_cancelled(luv_state *S, lua_State *L, int idx);

/* ---- interrupt.c ----------------------------------------------------------------- */

void luv__interrupt_watch(luv_state *S);
void luv__interrupt_forget(luv_state *S);

/* ---- uvext.c ------------------------------------------------------------------------ */

int luv__signal_onstack(int signum);
int luv__tcp_reuseport(uv_tcp_t *t, int domain);
int luv__tcp_replace(uv_tcp_t *t, int own, int fd);
int luv__tcp_close_reset(luv_object *o);
void luv__close_all(uv_loop_t *loop);

/* ---- export.go, by way of C --------------------------------------------------- */

int goOpen(uintptr_t S);
void goClose(uint64_t go);
int goCall(uintptr_t call);
int goRun(uintptr_t S);
void goEvent(uint64_t go, int what, int64_t a, uintptr_t p);
void goRelease(uint64_t go, int why);

#endif
