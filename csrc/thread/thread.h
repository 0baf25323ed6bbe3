/* thread.h - OS threads, tasks, channels: what the thread_*.c files share. */
#ifndef LUV_THREAD_H
#define LUV_THREAD_H

#include <stdio.h>
#include "link.h"

extern luv_class luv__class_thread, luv__class_thread_chan, luv__class_thread_pool;

/* A function with its arguments on its way to another state, then what it came to. */
enum { LUV_TASK_RUNNING, LUV_TASK_DONE, LUV_TASK_FAILED };

typedef struct luv_msg luv_msg;
typedef struct luv_package luv_package;

typedef struct {
  luv_core core;
  luv_msg *args, *results; /* of a call that needs no codec: thread_plain.c */
  int nargs, nresults;
  luv_blob in, out;   /* out: results, or the error value */
  char *traceback;    /* of the error; NULL: none */
  const char *problem; /* why there is no error value: a static text */
  int status;
  int taken;          /* atomic: a join, in whatever state, has had the error */
} luv_task;

#define LUV_THREAD_NAME 16 /* bytes that Linux keeps, with the zero */

typedef struct luv_thread {
  luv_task task;
  uv_thread_t tid;
  int number;         /* atomic: the kernel's; 0: not begun, -1: it has ended */
  luv_queue all;      /* of the threads that run */
  luv_queue child;    /* in the children of the state that made it, with a reference */
  int ended;          /* what status is to be once its state is closed */
  luv_state *S;       /* its state while that is open; under the lock */
  lua_State *L;       /* its main Lua thread, while that may be stopped */
  int opening;        /* luv is being opened in its state */
  const void *globals; /* tells its Lua state from others */
  lua_CFunction body; /* runs instead of a function from the task; NULL: none */
  luv_core *body_core; /* what body works on; a reference */
  luv_package *package; /* where its parent looks for modules */
  char name[LUV_THREAD_NAME];
  uint32_t id;
  int is_main;        /* not made here: a host's */
  luv_link *made;     /* the object of the state that made it, while that is one of the children */
  int detached, joined;
  int cancelled;      /* atomic: to be raised at its next wait */
} luv_thread;

/* thread_task.c */
void luv__task_clear(luv_task *t);
int luv__task_pack(luv_state *S, lua_State *L, luv_task *t, int first, int n);
int luv__task_run(lua_State *L, luv_task *t); /* the status it is to have */
void luv__task_end(luv_task *t, int status);
const char *luv__task_problem(lua_State *L); /* of the error on top, a static text */
int luv__task_push(luv_state *S, lua_State *W, luv_task *t);
void luv__task_take(luv_task *t);
int luv__task_taken(luv_task *t);
void luv__task_serve(luv_link *k);
int luv__task_ready(luv_core *c, int bell);

/* thread_plain.c */
int luv__plain_pack(lua_State *L, luv_task *t, int first, int n);
int luv__plain_load(lua_State *L, luv_task *t);
int luv__plain_keep(lua_State *L, luv_task *t, int first, int n);
int luv__plain_push(luv_state *S, lua_State *W, luv_task *t);
void luv__plain_clear(luv_task *t);

/* thread.c */
void luv__thread_name(luv_thread *t, char *name); /* LUV_THREAD_NAME bytes */
int luv__thread_push(luv_state *S, lua_State *L, luv_thread *t); /* takes over the reference; may raise */

/* thread_sched.c */
void luv__thread_number(luv_thread *t, int gone);

/* thread_run.c */
luv_state *luv__thread_state(lua_State *L);
int luv__thread_start(luv_thread *t);
extern int luv__threads_ending; /* atomic: they run no more, and have yet to ring those who join them */
extern __thread luv_thread *luv__this_thread __attribute__((tls_model("initial-exec")));

/* thread_package.c */
luv_package *luv__package_copy(luv_state *S, lua_State *L);
void luv__package_set(lua_State *L, luv_package *p);
void luv__package_free(luv_package *p);

/* thread_cancel.c */
void luv__thread_hear(void);
void luv__thread_stop(luv_thread *t);
void luv__thread_enter(lua_State *L);
void luv__thread_leave(lua_State *L);

/* thread_pool.c */
void luv__thread_pool_left(luv_core *calls, const char *why);

/* thread_life.c */
luv_thread *luv__thread_new(void);
luv_thread *luv__thread_of(luv_core *c); /* NULL: it is another kind of core */
int luv__thread_spawn(luv_state *S, lua_State *L, luv_thread *t);
void luv__thread_served(luv_link *k);
luv_thread *luv__thread_after(uint32_t id);
void luv__thread_come(luv_thread *t);
void luv__thread_gone(luv_thread *t);
int luv__thread_push_child(luv_state *S, lua_State *L, luv_thread *t);

/* thread_ring.c */
extern const luv_shared luv__thread_chan_shared;

/* thread_msg.c: one value on its way */
int luv__msg_deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W); /* of a wait for one */
enum { LUV_MSG_NIL, LUV_MSG_FALSE, LUV_MSG_TRUE, LUV_MSG_NUMBER, LUV_MSG_SHORT, LUV_MSG_BLOB, LUV_MSG_TASK };
struct luv_msg {
  union { char s[56]; double number; luv_blob blob; luv_task *task; } u;
  uint8_t kind, n;
};

int luv__msg_pack(luv_state *S, lua_State *L, int idx, luv_msg *m); /* -1: a message on L */
int luv__msg_push(luv_state *S, lua_State *W, luv_msg *m); /* and frees it; 1, or LUV_RAISE */
void luv__msg_free(luv_msg *m);
void luv__task_refuse(luv_task *t, const char *why); /* a static text */

/* thread_chan.c */
typedef struct luv_channel {
  luv_core core;
  uint64_t id;       /* in messages; never given to another one */
  luv_queue known;   /* in the table of ids */
  struct luv_channel *after; /* in the row of those that are to be freed */
  luv_msg *v;        /* the ring; changed with both locks held, as is size */
  uint32_t size;
  int closed;        /* atomic; set with `putting` held */
  double cap;
  int workers;       /* of a pool: threads that take its calls; atomic */
  const char *why;   /* of a pool that has none left since they failed: of what; before it is closed */
  /* Values put and taken so far are counted apart, and each side looks at the other's
   * number only when its own idea of it is used up: one cache line less per value. */
  int putting __attribute__((aligned(64))); /* the locks */
  uint32_t tail;     /* atomic */
  uint32_t head_seen;
  int few_places;    /* there was little room at the last look */
  luv_state *put_by; /* whose loop ran where the last value was put; atomic */
  int getting __attribute__((aligned(64)));
  uint32_t head;     /* atomic */
  uint32_t tail_seen;
  int few_values;
  luv_state *got_by;
} luv_channel;

luv_channel *luv__thread_chan_new(double cap);
int luv__thread_chan_put(luv_channel *c, const luv_msg *m); /* 0, UV_EAGAIN, UV_EOF, UV_ENOMEM */
void luv__thread_chan_close(luv_channel *c);

extern const luv_wrapper luv__thread_chan_wrap; /* of put and get */

/* What the state's end, and its loop, ask of its threads. */
int luv__thread_awaited(luv_state *S);
int luv__thread_chan_lone(luv_state *S); /* waits that only this state itself could end */
/* How many waits there nothing but what is waited for can end. A case of a luv.select is not counted, though its wait is. */
int luv__endless(luv_queue *list);
void luv__thread_cancelled(luv_state *S);
void luv__thread_nudge(luv_state *S);
void luv__thread_opening(int begins);
void luv__threads_open(luv_state *S, lua_State *L);
int luv__threads_wait(luv_state *S);
void luv__threads_close(luv_state *S);

#define LUV_THREAD_CHAN_BITS 4

/* What it keeps for each state. */
typedef struct luv_threads {
  luv_thread *thread;    /* the thread that it runs on */
  luv_queue children;    /* threads made here, by luv_thread.child */
  luv_queue links;       /* to what other threads share, while fibers wait: link.h */
  void *locked;          /* the core whose lock is held, so that no other may be taken */
  int left;              /* fibers have left links meanwhile */
  uint32_t ops;          /* puts and gets that did not wait */
  int ref_children;      /* those that run and were made here, by address */
  luv_place chans[1 << LUV_THREAD_CHAN_BITS]; /* channels by the address of their userdata: known.h */
} luv_threads;

extern luv_room luv__thread_room;
static inline luv_threads *luv__threads(luv_state *S) { return luv__room_data(S, &luv__thread_room); }
static inline luv_thread *luv__thread_here(luv_state *S) { return luv__threads(S)->thread; }

int luv_thread_chan_put(lua_State *L);
int luv_thread_chan_get(lua_State *L);
int luv_thread_chan_put_text(luv_state *S, const void *box, const char *p, size_t n);
int luv_thread_chan_put_number(luv_state *S, const void *box, double x);
int luv_thread_chan_take(luv_state *S, const void *box, double *number, char *text);

#endif
