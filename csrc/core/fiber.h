/* fiber.h - due times, waits, fibers, the ready queue.
 * A part of luv.h, which includes it: the others rest on what that defines first. */
#ifndef LUV_FIBER_H
#define LUV_FIBER_H

/* ---- due.c: what is to happen at a time ---------------------------------- */

/* One thing with a time. */
typedef struct luv_due {
  uint64_t at;    /* ns on uv_hrtime; 0: nothing is due */
  void (*fire)(luv_state *S, struct luv_due *d); /* NULL: it is a wait's, which ends */
  uint32_t index; /* 1 + its place in the heap, 0: not there */
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

typedef struct luv_op luv_op;

/* How a wait ended: what the run loop pushes before it resumes. */
enum {
  LUV_OUT_STACK,  /* fiber->nargs values are on the stack already */
  LUV_OUT_DATA,   /* wait.arg bytes at wait.on, in the loop's arena */
  LUV_OUT_TRUE,
  LUV_OUT_SELF,   /* argument 1 of the suspended call */
  LUV_OUT_COUNT,  /* wait.arg as a number */
  LUV_OUT_ERROR,  /* wait.arg is a libuv error: nil, message, name */
  LUV_OUT_TIMEOUT,
  LUV_OUT_JOINED, /* wait.on is the fiber that ended */
  LUV_OUT_VALUES, /* wait.on is a luv_values of Go's */
  LUV_OUT_OWN,    /* what the operation's `deliver` makes of it */
  LUV_OUT_CANCEL, /* raise the cancellation */
  LUV_OUT_EXPIRED,/* raise: a luv.timeout around the wait has passed */
  LUV_OUT_RAISE,  /* raise wait.on, a static message */
  LUV_OUT_DEADLOCK /* raise the report of who sleeps */
};

typedef struct {
  const luv_op *op; /* NULL before the first */
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

enum {
  LUV_OP_EXTERNAL = 1,  /* an event from outside can end it */
  LUV_OP_BEGUN = 2,     /* what it is about has begun before the wait, and goes on when the object closes */
  LUV_OP_LATE = 4,      /* begins though a luv.timeout around it has passed */
  LUV_OP_UNLIMITED = 8, /* no luv.timeout ends it */
  LUV_OP_APART = 16,    /* `deliver` may call functions of the script, which may wait */
  LUV_OP_AGAIN = 32,    /* `deliver` may be called again when a finaliser has failed in it */
  LUV_OP_TELLS = 64,    /* a timeout is `deliver`'s to tell */
  LUV_OP_REPORTS = 128  /* the report of a deadlock has what `write` says */
};

/* What a fiber can wait for: one record for each operation, in the file that carries it out. */
struct luv_op {
  const char *name; /* for dumps */
  int flags;
  /* Links the wait; may end it at once: an outcome other than 0. Raises nothing, and allocates
   * nothing of Lua's but protected. */
  int (*begin)(luv_state *S, luv_fiber *f);
  void (*abandon)(luv_state *S, luv_fiber *f); /* ended by timeout, cancel, close; or NULL */
  /* Instead of being abandoned it ends in its own way: then 1. NULL: never. */
  int (*holds_on)(luv_state *S, luv_fiber *f, int out);
  /* Pushes what LUV_OUT_OWN is on W, as luv__outcome does. */
  int (*deliver)(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W);
  int (*again)(const luv_fiber *f); /* LUV_OP_AGAIN, where it depends */
  /* The same for what is there already, and needs but to be moved to f->base; 0: it is not. */
  int (*move)(luv_fiber *f);
  /* For a dump, what else there is to say of the wait; NULL: its object. */
  void (*write)(luv_state *S, luv_fiber *f, FILE *out);
};

extern const luv_op luv__op_none, luv__op_sleep, luv__op_join, luv__op_suspend, luv__op_event,
    luv__op_connect, luv__op_go, luv__op_run;
/* The `begin` of an operation whose waiters are those of the object, or of nothing in particular. */
int luv__begin_object(luv_state *S, luv_fiber *f);
int luv__begin_asleep(luv_state *S, luv_fiber *f);


/* Suspends the calling fiber, or runs the loop in place in the main chunk; to be
 * used as `return luv__suspend(...)`. `timeout` is the call's own, in seconds.
 * May raise: cancellation, an expired luv.timeout, a place where nothing can wait. */
int luv__suspend(luv_state *S, lua_State *L, const luv_op *op, void *on, uint64_t arg,
                 double timeout);
#define LUV_NO_TIMEOUT (-1.0)
/* The same without a timeout, for a call whose n arguments are all that is on L, and an
 * operation that nothing outside ends. */
int luv__suspend_quickly(luv_state *S, lua_State *L, const luv_op *op, void *on, int n);

void luv__wake(luv_state *S, luv_fiber *f, int out);
void luv__wake_error(luv_state *S, luv_fiber *f, int err);
void luv__wake_all(luv_state *S, luv_queue *waiters, int out, uint64_t arg);
void luv__wake_all_error(luv_state *S, luv_queue *waiters, int err);
/* Ends a wait from outside (timeout, cancel): lets the operation clean up first. */
void luv__abandon(luv_state *S, luv_fiber *f, int out);
int luv__wait_prepare(luv_state *S, luv_fiber *f, const luv_op *op, void *on, uint64_t arg, double timeout);
void luv__wait_begin(luv_state *S, luv_fiber *f);
/* Pushes the outcome of f's wait, which is that of the call suspended on L, on W; returns how
 * many values, or LUV_RAISE with the error value on W. May raise on W (memory). */
int luv__outcome(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W);
#define LUV_RAISE (-1)
void luv__raise_cancel(luv_state *S, lua_State *L);

/* ---- suspend.c: what luv puts between a script and C ------------------------ */

extern const char luv__raised; /* its address before an error says that it is to be raised: wrap.c */
/* Makes room for n values on a thread that is not running; 0: there is none. */
int luv__room(lua_State *L, int n);
/* Pushes a Lua function to run the function at idx with, if that is C on Lua 5.1. */
int luv__push_body(luv_state *S, lua_State *L, int idx);
void luv__regain(luv_state *S, lua_State *L);
/* Raises where nothing can wait: in a finaliser, or in a debug hook of LuaJIT. */
void luv__check_place(luv_state *S, lua_State *L);
int luv__may_wait(luv_state *S, lua_State *L);
void luv__yield_below(luv_state *S, lua_State *L);

/* ---- traceback.c ------------------------------------------------------------- */

/* Pushes on W the traceback of one thread, without a heading. */
void luv__traceback_of(luv_state *S, lua_State *T, lua_State *W);
/* Pushes on W the traceback of all of f's threads, under msg (or NULL). */
void luv__traceback(luv_state *S, luv_fiber *f, lua_State *W, const char *msg);

/* ---- timeout.c ---------------------------------------------------------------- */

/* A luv.timeout that has not ended: it lies on the C stack of its call. */
typedef struct luv_limit {
  struct luv_limit *outer;
  uint64_t due;
} luv_limit;

uint64_t luv__limit(const luv_fiber *f); /* the earliest of them */

/* ---- fiber.c ---------------------------------------------------------------- */

enum { LUV_NEW, LUV_READY, LUV_WAITING, LUV_DEAD }; /* the running one is READY */

enum {
  LUV_F_ENV = 2,       /* the userdata has an environment table of its own */
  LUV_F_CANCEL = 4,    /* the next suspending call raises */
  LUV_F_FAILED = 8,    /* died of an error; its value is on the stack */
  LUV_F_UNTAKEN = 16,  /* no join has taken that error yet */
  LUV_F_LOCALS = 32,   /* that table holds more than the thread */
  LUV_F_HANDLER = 64   /* runs luv.on_error's function: its own error goes to stderr */
};

/* Hangs on a fiber, to be called as it ends: a mutex that it has locked. Removes itself. */
struct luv_tie {
  luv_tie *next, **prev;
  void (*ended)(luv_state *S, luv_tie *t);
};

/* Who takes what a fiber ends with, its error too: a scope. f->keeper is NULL when it returns. */
struct luv_keeper { void (*ended)(luv_state *S, luv_keeper *k, luv_fiber *f, int failed); };

/* luv_fiber.is_main of a case of luv.select, which waits like a fiber. */
#define LUV_IS_CASE 2

/* What a switch touches comes last, together: Lua's allocator most often puts the
 * fiber's lua_State right behind it, and then its stack. */
struct luv_fiber {
  luv_wait wait;
  lua_State *in;       /* the Lua thread whose call waits: base, but for a fiber that keeps its stack */
  luv_state *state;
  luv_queue joiners;
  luv_tie *ties;       /* what is to be done as it ends */
  luv_keeper *keeper;  /* who takes what it ends with, whose child it is, at place `child`; or NULL */
  luv_limit *limits;   /* the luv.timeouts that it is in, the innermost first */
  const char *name;    /* in its environment table; NULL: it has none */
  uint32_t slot;       /* anchors[2 * slot - 1] is base, [2 * slot] the userdata */
  uint32_t id;
  uint32_t child;
  uint8_t status, flags;
  uint64_t born;       /* loop time, ns */
  lua_State *base;     /* the Lua thread that runs its function */
  luv_stack *stack;    /* the C stack that it keeps while it waits below C; NULL: none */
  union {
    struct {
      int32_t nargs;   /* values on the stack for the next resume */
      uint8_t out;     /* how the wait ended */
      uint8_t below;   /* it has a C stack to go on with */
      uint8_t is_main; /* the main chunk's wait, not a fiber a script made */
    };
    uint64_t turn;     /* all of that: 0 for one that has merely yielded */
  };
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
void luv__fiber_cancel(luv_state *S, luv_fiber *f);

/* ---- fiber_env.c ------------------------------------------------------------- */

void luv__push_thread(lua_State *T, lua_State *L);
void luv__env_hold_new(luv_state *S, lua_State *L, luv_fiber *f);
void luv__env_started(luv_state *S, lua_State *L, luv_fiber *f);
void luv__env_hold_dead(luv_state *S, luv_fiber *f);
void luv__env_set_reason(luv_state *S, lua_State *L, luv_fiber *f);
int luv__fiber_locals(luv_state *S, lua_State *L, luv_fiber *f);
void luv__fiber_set_name(luv_state *S, lua_State *L, luv_fiber *f);
const char *luv__fiber_push_name(luv_state *S, lua_State *L, int idx, luv_fiber *f);

/* ---- sched.c: the ready queue and the run loop ---------------------------- */

#define LUV_BUDGET 64
#define LUV_RECEIVE 16 /* sockets that are read before their fibers run */
#define LUV_SLICE 1000000 /* ns that ready fibers may keep the loop from polling */
enum { LUV_RUN_DEFAULT, LUV_RUN_ONCE, LUV_RUN_NOWAIT };

int luv__deliver(luv_state *S, luv_fiber *f); /* deliver.c */
int luv__can_be_repeated(const luv_fiber *f, int out);
int luv__outcome_here(luv_state *S, luv_fiber *f, lua_State *in, lua_State *L);
void luv__run_fibers(void);
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
/* What f waits for, with the object; of luv.select, each case. */
void luv__write_wait(luv_state *S, luv_fiber *f, FILE *out);
void luv__write_address(luv_object *o, FILE *out); /* of a socket: the peer, or what it is bound to */

#endif
