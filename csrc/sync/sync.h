/* sync.h - what chan.c, mutex.c, cond.c, semaphore.c, waitgroup.c, event.c and select.c
 * share. Each is an object without a handle of libuv's: close disposes of it at once. */
#ifndef LUV_SYNC_H
#define LUV_SYNC_H

#include "known.h"
#include "luv.h"

extern luv_class luv__class_chan, luv__class_mutex, luv__class_cond, luv__class_semaphore, luv__class_waitgroup, luv__class_event, luv__class_scope;

#define LUV_CHAN_BITS 6

/* A channel. Getters wait in o.waiters; one of both queues is empty. */
typedef struct luv_chan_s {
  luv_object o;
  luv_queue putters;
  lua_State *in, *out; /* the stacks on which the values lie; NULL: a ring of `cap` places */
  uint32_t nout;       /* how many of them are on `out` */
  uint32_t head;       /* of the ring */
  uint32_t count, cap;
  int ended;  /* closed for putting */
  int ringed; /* compiled code has the ring */
} luv_chan_t;

#define LUV_CHAN_PRESIZE 4096 /* places that a ring has from the beginning */

extern const luv_op luv__op_get, luv__op_put; /* of a channel: luv.select fills them in itself */
extern const luv_op luv__op_acquire;

/* chan_fast.c */
void luv__chan_know(luv_chan_t *c);

typedef struct luv_mutex luv_mutex;
typedef struct luv_scope_t luv_scope_t;

struct luv_mutex {
  luv_object o;
  luv_fiber *owner;        /* NULL: free */
  luv_tie tie;             /* in owner->ties */
};

/* A semaphore, a waitgroup or an event: one number. */
typedef struct {
  luv_object o;
  int64_t n;
} luv_counter;

static inline luv_fiber *luv__first_waiter(luv_queue *q) {
  return luv_container(q->next, luv_fiber, wait.node);
}

/* luv__self for the way that is to be short: the state comes from the object, and what is
 * not as it should be is NULL, for the long way to say so. */
static inline void *luv__quick(lua_State *L, uint32_t class_id) {
  luv_box *b = lua_touserdata(L, 1);
  if (LUV_UNLIKELY(!b || lua_objlen(L, 1) != sizeof *b || b->magic != &luv__magic)) return NULL;
  if (LUV_UNLIKELY(b->class_id != class_id || !b->o || b->o->flags & LUV_O_CLOSING)) return NULL;
  if (LUV_UNLIKELY(luv__forked | b->o->S->dead)) return NULL;
  luv__check_crossing(L);
  return b->o;
}
/* No cancellation is pending for f, so a call that need not wait can go on. */
static inline int luv__calm(luv_state *S) {
  return !S->current || !(S->current->flags & LUV_F_CANCEL);
}

/* A count at idx, or `otherwise`: a whole number of min to 2^31 - 2. Raises. */
int64_t luv__opt_count(luv_state *S, lua_State *L, int idx, const char *fname, int64_t min,
                       int64_t otherwise);

/* A value, if there is one, on W; `self` is the channel's place on W. Returns 1 or 0. */
int luv__chan_take(luv_state *S, luv_chan_t *c, lua_State *W, int self);
/* Takes the value at idx of W. Returns 1 or 0. */
int luv__chan_give(luv_state *S, luv_chan_t *c, lua_State *W, int self, int idx);

/* How Lua calls some of them. */
extern const luv_wrapper luv__chan_wrap;
void luv__mutex_glue(luv_state *S, lua_State *L);
void luv__scope_glue(luv_state *S, lua_State *L);

void luv__case_done(luv_state *S, luv_fiber *f);

/* What it keeps for each state. */
typedef struct {
  luv_place chans[1 << LUV_CHAN_BITS]; /* channels by the address of their userdata: known.h */
  int ref_watch;
} luv_sync;

extern luv_room luv__sync_room;
static inline luv_sync *luv__sync(luv_state *S) { return luv__room_data(S, &luv__sync_room); }

/* mutex.c */
void luv__mutex_release(luv_state *S, luv_mutex *m);
void luv__mutex_relock(luv_state *S, luv_mutex *m, luv_fiber *f, int out);
int luv__mutex_owned(luv_mutex *m, luv_fiber *f);
luv_fiber *luv__case_owner(luv_fiber *f); /* select_wait.c */

/* What is called from Lua of their own (chan_wrap.c, scope_glue.c), and by the FFI. */
int luv_chan_put(lua_State *L);
int luv_chan_get(lua_State *L);
#define LUV_CHAN_SLOTS 512 /* fibers with these slots have a place for a value on its way */
#define LUV_CHAN_WAITS 16777216
int luv_chan_fast_put(luv_state *S, const void *box);
int luv_chan_fast_get(luv_state *S, const void *box);
int luv__chan_land_put(lua_State *L);
int luv__chan_land_get(lua_State *L);
int luv__chan_ring(lua_State *L);
int luv_mutex_lock(lua_State *L);
int luv_mutex_with(lua_State *L);
int luv_semaphore_acquire(lua_State *L);
int luv_scope(lua_State *L);
int luv__scope_create(lua_State *L);
int luv__scope_failed(lua_State *L);
int luv__scope_wait(lua_State *L);
int luv__scope_leave(lua_State *L);

uint32_t luv__case_count(luv_fiber *f, int (*is)(const luv_fiber *f, const void *of), const void *of);

#endif
