/* deadlock.c - threads that wait for each other through proxies.
 *
 * A state is stuck when nothing in it is ready, and all that its waits could be ended by is other threads of
 * this process. As it is about to block it says so (S->stuck, which is taken back before anything else when it
 * goes on), and looks whether all the others are: if they are, and nobody has rung, nothing will ever
 * happen, and the one that has become so last raises. Each says in the calls that it serves what these wait for, so
 * that the report has the whole chain. */
#include "proxy.h"

/* Waits that only other threads can end. */
static uint32_t inner(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  luv_queue *q, *links = &luv__threads(S)->links;
  uint32_t n = (uint32_t)luv__endless(&P->waiting) + (uint32_t)P->ending;
  for (q = links->next; q != links; q = q->next) {
    luv_link *k = luv_container(q, luv_link, node);
    n += (uint32_t)(luv__endless(&k->o.waiters) + luv__endless(&k->senders));
  }
  return n;
}

/* What f waits for, in words. */
static void describe(luv_state *S, luv_fiber *f, char *to, size_t n) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = f->status == LUV_WAITING ? open_memstream(&text, &size) : NULL;
  *to = 0;
  if (!out) return;
  luv__write_wait(S, f, out);
  fclose(out);
  if (text) snprintf(to, n, "%s", text);
  free(text);
}

static void tell_callers(luv_state *S) {
  luv_queue *q, *all = &luv__proxies(S)->served;
  for (q = all->next; q != all; q = q->next) {
    luv_mail *m = luv_container(q, luv_mail, served);
    char text[sizeof m->waits];
    if (!m->at_work) continue;
    describe(S, m->at_work, text, sizeof text);
    memcpy(m->waits, text, sizeof text); /* the caller reads it when this state has said that it is stuck */
  }
}

/* With the lock of the list. What the states have counted so far, if all are stuck, and nobody has rung. */
static int look(uint64_t *counted) {
  luv_state *S;
  int owned = 0;
  *counted = 0;
  for (S = luv__states; S; S = S->peer) {
    uint32_t n = __atomic_load_n(&S->stuck, __ATOMIC_SEQ_CST);
    if (!(n & 1) || __atomic_load_n(&S->rung, __ATOMIC_SEQ_CST)) return 0;
    *counted += n;
    owned += S->owned;
  }
  if (owned != __atomic_load_n(&luv__own_threads, __ATOMIC_SEQ_CST)) return 0; /* one has not opened luv yet, or computes */
  return __atomic_load_n(&luv__threads_ending, __ATOMIC_SEQ_CST) == 0;
}

/* Twice: one may have rung another that was looked at before, and then have become stuck. */
static int all_stuck(void) {
  uint64_t first, second;
  return look(&first) && look(&second) && first == second;
}

/* S is about to block. */
void luv__deadlock_look(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  int all;
  P->locked = 0;
  if (S->external == 0 && !P->nheld) return;
  if ((uint32_t)S->external != inner(S)) return;
  tell_callers(S);
  __atomic_store_n(&S->stuck, S->stuck + 1, __ATOMIC_SEQ_CST);
  pthread_mutex_lock(&luv__states_lock);
  all = all_stuck();
  pthread_mutex_unlock(&luv__states_lock);
  if (!all) return;
  P->locked = 1;
  luv__ring(S); /* it does not block: lone says so at the next turn */
}
