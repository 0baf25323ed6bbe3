/* stack.h - C stacks. Fibers run on stacks of luv's own, never on the host's.
 *
 *   1. S->stack is the one that has the scheduler on it, and above that the running fiber.
 *   2. A fiber that waits where Lua lets nothing yield keeps the stack as it stands
 *      (f->stack), and the scheduler goes on, on a fresh one. When the wait is over, the
 *      scheduler drops its own stack and switches to the fiber's: whatever that fiber does
 *      next ends in the scheduler's frame below it, which goes on as the loop. So nothing
 *      of the loop may be kept in locals across a lua_resume but S and the fiber.
 *   3. Go, and libuv's callbacks, run on the host's stack only: Go takes what it is called
 *      on for the whole of its system stack. luv__on_host goes there and comes back.
 *   4. "The host's stack" is one per OS thread: the states on it share it, innermost last.
 *   5. A stack that is dropped is only forgotten: no frame on it is ever returned to. */
#ifndef LUV_STACK_H
#define LUV_STACK_H

#include <stddef.h>
#include <stdint.h>

typedef struct luv_state luv_state;
typedef struct luv_stack luv_stack;
typedef struct luv_host luv_host;

struct luv_stack {
  void *sp;        /* where it stands, while something else runs */
  luv_stack *next; /* in the pool */
  char *low;       /* its lowest byte: the guard page begins there */
  size_t size;     /* from there on, the guard included */
  int dirty;       /* in the pool: what was touched has not been given back */
#ifdef __SANITIZE_ADDRESS__
  void *fake;
#endif
#ifdef __SANITIZE_THREAD__
  void *tsan;
#endif
};

/* A run of a loop, on the host's stack. */
struct luv_host {
  void *sp;          /* where the host stands, while fibers run */
  luv_stack *stack;  /* that they run on; NULL: the host runs */
  luv_stack *left;   /* that they have run on last */
  luv_state *S;
  luv_host *outer;   /* of another state, whose fiber has called this one */
  int begun;         /* a stack has been entered from here */
  void (*fn)(void *arg); /* what a fiber wants to have called here */
  void *arg;
#ifdef __SANITIZE_ADDRESS__
  void *fake;
  const void *low;
  size_t size;
#endif
#ifdef __SANITIZE_THREAD__
  void *tsan;
#endif
};

/* The innermost on this OS thread, or NULL. */
extern __thread luv_host *luv__host __attribute__((tls_model("initial-exec")));

/* What a state keeps of its stacks. */
typedef struct luv_slab luv_slab;
typedef struct {
  luv_stack *idle;   /* the one that was used last comes first */
  luv_slab *slabs;
  uint32_t nidle, total, ndirty;
  size_t size;       /* of those to be made */
  uint64_t trimmed;  /* when memory was last given back, ns */
} luv_stacks;

#define LUV_STACK_SIZE (2u << 20) /* Lua's own limit, 200 calls through C, fits as gsubs */
#define LUV_STACK_LEAST (64u << 10)

/* ---- stack.c ---------------------------------------------------------------- */

/* A stack on which entry() will run, which must not return; NULL: no memory, or no mapping. */
luv_stack *luv__stack_take(luv_stacks *p, void (*entry)(void));
void luv__stack_give(luv_stacks *p, luv_stack *s);
/* Gives back what idle stacks have touched; cheap when there is nothing to do. */
void luv__stacks_trim(luv_stacks *p, uint64_t now);
void luv__stacks_free(luv_stacks *p);

/* ---- host.c ------------------------------------------------------------------ */

/* From the host to h->stack; returns when that one has come back. */
void luv__host_enter(luv_host *h);
/* From h->stack to the host, which takes its turn. */
void luv__host_leave(luv_host *h);
/* From `from`, where it will go on, to a stack that has been taken; h->stack is `to` then. */
void luv__stack_hop(luv_host *h, luv_stack *from, luv_stack *to);
/* The same from a stack that is dropped. */
void luv__stack_drop(luv_host *h, luv_stack *to) __attribute__((noreturn));
/* Calls fn(arg) on the host's stack, wherever it is called from. */
void luv__on_host(void (*fn)(void *arg), void *arg);
/* The first thing on a new stack. */
void luv__stack_begun(void);
/* A stack is to be used anew: what sanitizers know of the frames that were on it is void. */
void luv__stack_forget(luv_stack *s);

/* ---- overflow.c ---------------------------------------------------------------- */

/* From here on a stack that overflows says whose it was. */
void luv__overflow_watch(void);

#endif
