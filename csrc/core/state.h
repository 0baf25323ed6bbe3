/* state.h - what the core keeps per Lua state. What a room keeps is its own: luv__room_data.
 * A part of luv.h, which includes it. */
#ifndef LUV_STATE_H
#define LUV_STATE_H

#define LUV_SCRATCH 4
#define LUV_DELAYS 160 /* of delays in ns, four buckets for each power of two */

typedef struct { lua_Hook fn; int mask, count; } luv_hook;

/* How long does a fiber that is ready wait for its turn? See delay.c. */
typedef struct {
  uint32_t mark;      /* ready.head when the fiber that is timed has its turn */
  uint64_t from;      /* when it was queued; 0: none is timed */
  uint64_t max, n;
  uint32_t counts[LUV_DELAYS];
} luv_delay;

struct luv_state {
  /* Every switch: two cache lines. */
  luv_ring ready;
  luv_fiber *current;     /* what runs now; NULL: the host's own code, or the scheduler */
  luv_stack *stack;       /* the C stack that the scheduler and the running fiber are on */
  void *landing;          /* a channel that is about to be waited for, with a place for the value: chan_fast.c */
  luv_fiber *delivering;  /* its outcome is being pushed */
  int attention;          /* the switch just made was not a plain yield, or main is woken */
  volatile uint32_t nudged; /* a signal handler has looked for a fiber that runs, and found none */
  int suspended;          /* the yield on its way is that of a wait, which has begun */
  uint32_t renewed, look; /* ready.head at the last look at the clock, and at the next */
  int dead, jit;          /* the Lua state is closing; this is LuaJIT */
  int external;           /* waits that something outside can end */
  uint32_t busy_ops, busy_from; /* calls that did not wait, though others of their kind do, since ready.head was that */
  /* Every poll. */
  lua_State *M, *home;    /* the scheduler's own Lua thread; the one that opened it: the main chunk's, for a dump */
  uv_loop_t *loop;
  luv_heap heap;
  uint64_t now, armed;    /* uv_hrtime at the last look; what `alarm` is set to, ns; 0: off */
  uint64_t slice;         /* when fibers began to run without a poll, ns */
  int depth, looking;     /* the loop is running; at the outside: uv_run is on the stack, or a reader is being served */
  volatile int blocked, interrupted; /* the main chunk waits, or is about to; Ctrl-C has come */
  volatile int dump_wanted; /* atomic */
  int rung, arrived, blocking, woken, making_way, wake_fd; /* atomic, but the last: wakeup.c */
  uint32_t stuck;         /* atomic: odd, it blocks, and only other threads of this process could end that */
  int noutsides, lingers; /* the last: as Lua closes it still runs for its threads, and finalisers wait */
  const luv_outside *outsides[LUV_MAX_OUTSIDES];
  luv_queue asleep, objects, goops; /* waits in no object's queue; all objects; what Go carries out */
  luv_queue unread;       /* sockets that the last poll found readable */
  uint32_t received, arena_used; /* ready.head when some of them were read, or found */
  char *arena;            /* short data on its way to readers: emptied at every poll */
  uint64_t spin;          /* ns that waits may be to be polled for; 0: off */
  int64_t spin_mean;
  int spin_miss, spin_skip, run_mode, was_rung; /* the last: that ended the last try */
  uv_timer_t *alarm;
  uv_poll_t *wakeup;
  /* Fibers and objects that come and go. */
  uint32_t nfibers, next_id, nfree, cap_slots, top_slot; /* anchored fibers; their slots */
  uint32_t *free_slots;
  luv_stacks stacks;
  luv_call *calls;        /* into Go: those that are idle */
  lua_State *scratch[LUV_SCRATCH]; /* idle Lua threads: deliver.c */
  int nscratch, spare, untaken; /* ref_spare holds a table for the next new fiber; errors that no join has taken */
  const void *metas[LUV_MAX_CLASSES];
  int ref_meta[LUV_MAX_CLASSES];
  int ref_anchors, ref_on_error, ref_traceback, ref_body, ref_env, ref_module, ref_kept, ref_kept_error, ref_deliver, ref_outcome,
      ref_protect, ref_cancelled, ref_expired, ref_thread, ref_spare, ref_nothing, ref_natives, ref_push, ref_file,
      ref_home, ref_scratch; /* registry */
  lua_CFunction native_error;
  uint64_t host;          /* Go's slot number for this state */
  int opened, lazy, owned, detached; /* the loop is there; modules are made when named; its thread is luv's own; let go of */
  int ending, broken_off, trace_handles; /* to be closed as the loop returns; by Ctrl-C; LUV_DEBUG=leaks */
  luv_state *peer;        /* states.c: the next of the states of this process, */
  int tid;                /* the kernel's number of its thread, */
  uint64_t thread_number; /* one that is never given again, */
  uint32_t thread_id;     /* and luv's */
  uint64_t switches, polls, go_callbacks, bytes_read, bytes_written, gc_closed; /* statistics */
  luv_delay delay;
  struct luv_check_alloc *check_alloc; /* NULL but in the check build */
  luv_fiber main;
};

/* What a room keeps for S, behind it. */
#define LUV_STATE_SIZE ((sizeof(luv_state) + 63) & ~(size_t)63)
static inline void *luv__room_data(luv_state *S, const luv_room *r) { return (char *)S + LUV_STATE_SIZE + r->at; }

/* states.c. Who holds the lock may walk the list and look into them; a signal handler walks it
 * without. */
extern pthread_mutex_t luv__states_lock;
extern luv_state *luv__states;
void luv__states_add(luv_state *S);
void luv__states_here(luv_state *S);
void luv__states_remove(luv_state *S);
int luv__is_here(const luv_state *S); /* on the calling thread */
void luv__states_each(void (*fn)(luv_state *S, int n), int n); /* a signal handler may */
/* delay.c: begins and ends one measurement, at a look at the clock. */
void luv__delay_begin(luv_state *S, uint64_t now);
void luv__delay_end(luv_state *S, uint64_t now);
double luv__delay_percentile(const luv_delay *d, double p); /* seconds */

#endif
