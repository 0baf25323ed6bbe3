/* leaks.c - LUV_DEBUG=leaks: which of a state's objects others still have as it ends, and who.
 *
 * A ref counts, and does not know by whom; so proxies are listed here, only then. */
#include "proxy.h"

typedef struct note { struct note *next; const luv_ref *ref; uint32_t thread; } note;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static note *notes;

void luv__leaks_add(luv_state *S, const luv_ref *r) {
  note *n = S->trace_handles ? malloc(sizeof *n) : NULL;
  if (!n) return;
  n->ref = r;
  n->thread = S->thread_id;
  pthread_mutex_lock(&lock);
  n->next = notes;
  notes = n;
  pthread_mutex_unlock(&lock);
}

void luv__leaks_remove(luv_state *S, const luv_ref *r) {
  note **p, *n = NULL;
  if (!S->trace_handles) return;
  pthread_mutex_lock(&lock);
  for (p = &notes; *p && ((*p)->ref != r || (*p)->thread != S->thread_id); p = &(*p)->next) {}
  if ((n = *p)) *p = n->next;
  pthread_mutex_unlock(&lock);
  free(n);
}

static void tell(const luv_ref *r) {
  note *n;
  int any = 0;
  fprintf(stderr, "luv: %s %p is still held", r->kind, r->address);
  pthread_mutex_lock(&lock);
  for (n = notes; n; n = n->next)
    if (n->ref == r) fprintf(stderr, "%s thread %u", any++ ? " and" : " by", n->thread);
  pthread_mutex_unlock(&lock);
  fputs(any ? "\n" : " by what is under way\n", stderr);
}

/* S ends. */
void luv__leaks_tell(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  uint32_t at;
  for (at = 1; S->trace_handles && at <= P->top; at++)
    if (P->refs[at] && __atomic_load_n(&P->refs[at]->refs, __ATOMIC_RELAXED)) tell(P->refs[at]);
}
