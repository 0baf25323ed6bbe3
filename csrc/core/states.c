/* states.c - the states of this process, and the thread of each.
 *
 * Signal handlers walk the list without a lock, and are counted meanwhile: a state that has left
 * it goes on to close when no handler walks any more. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "luv.h"

pthread_mutex_t luv__states_lock = PTHREAD_MUTEX_INITIALIZER;
luv_state *luv__states;
static int walking; /* atomic: handlers that do */

/* The kernel gives the number of a thread that has ended to another one, so a state knows its
 * thread by a number that is never given again as well. */
static __thread uint64_t thread_number __attribute__((tls_model("initial-exec"))); /* 0: none yet */

int luv__is_here(const luv_state *S) { return thread_number && S->thread_number == thread_number; }

static luv_state *next(luv_state *const *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }

/* Calls f(S, n) for each state. */
void luv__states_each(void (*f)(luv_state *S, int n), int n) {
  luv_state *S;
  int saved = errno;
  if (luv__forked) return;
  __atomic_add_fetch(&walking, 1, __ATOMIC_SEQ_CST);
  for (S = next(&luv__states); S; S = next(&S->peer)) f(S, n);
  __atomic_sub_fetch(&walking, 1, __ATOMIC_SEQ_CST);
  errno = saved;
}

/* S is used on this thread from here on: a host may have moved it. */
void luv__states_here(luv_state *S) {
  static uint64_t last;
  if (LUV_LIKELY(luv__is_here(S))) return;
  if (!thread_number) thread_number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
  __atomic_store_n(&S->tid, (int)syscall(SYS_gettid), __ATOMIC_RELAXED);
  __atomic_store_n(&S->thread_number, thread_number, __ATOMIC_RELAXED);
}

void luv__states_add(luv_state *S) {
  luv__states_here(S);
  pthread_mutex_lock(&luv__states_lock);
  S->peer = luv__states;
  __atomic_store_n(&luv__states, S, __ATOMIC_SEQ_CST);
  pthread_mutex_unlock(&luv__states_lock);
}

void luv__states_remove(luv_state *S) {
  luv_state **p;
  pthread_mutex_lock(&luv__states_lock);
  for (p = &luv__states; *p && *p != S; p = &(*p)->peer) {}
  if (*p) __atomic_store_n(p, S->peer, __ATOMIC_SEQ_CST);
  luv__given.state_gone(S);
  pthread_mutex_unlock(&luv__states_lock);
  while (__atomic_load_n(&walking, __ATOMIC_SEQ_CST)) sched_yield();
}
