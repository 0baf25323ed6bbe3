/* link.c - links and bells: link.h has the rules. */
#include "thread.h"

/* ---- cores ----------------------------------------------------------------------------- */

void luv__core_init(luv_core *c, const luv_core_kind *kind) {
  c->kind = kind;
  c->refs = 1;
  luv__init_lock(&c->lock);
  queue_init(&c->bells[LUV_BELL_GET]);
  queue_init(&c->bells[LUV_BELL_PUT]);
}

void luv__core_hold(luv_core *c) { __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED); }

int luv__core_revive(luv_core *c) {
  int n = __atomic_load_n(&c->refs, __ATOMIC_RELAXED);
  while (n > 0)
    if (__atomic_compare_exchange_n(&c->refs, &n, n + 1, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return 1;
  return 0;
}

void luv__core_drop(luv_core *c) {
  if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL)) return;
  pthread_mutex_destroy(&c->lock);
  c->kind->free(c);
}

/* ---- ringing ----------------------------------------------------------------------------- */

/* The one that was rung goes to the end, so that all have their turn. */
void luv__core_ring(luv_core *c, int bell) {
  luv_queue *q = c->bells[bell].next;
  if (q == &c->bells[bell]) return;
  queue_remove(q);
  queue_push(&c->bells[bell], q);
  luv__ring(luv_container(q - bell, luv_link, bell)->o.S);
}

/* The same from where the core has been changed without the lock. */
void luv__core_tell(luv_core *c, int bell) {
  int n = __atomic_load_n(&c->hanging[bell], __ATOMIC_SEQ_CST);
  if (LUV_LIKELY(!n) || (n == 1 && __atomic_load_n(&c->told[bell], __ATOMIC_SEQ_CST))) return;
  pthread_mutex_lock(&c->lock);
  luv__core_ring(c, bell);
  if (__atomic_load_n(&c->hanging[bell], __ATOMIC_SEQ_CST) == 1)
    __atomic_store_n(&c->told[bell], 1, __ATOMIC_SEQ_CST);
  pthread_mutex_unlock(&c->lock);
}

/* By a thread that ends with it. */
void luv__core_ring_all(luv_core *c, int bell) {
  luv_queue *q;
  for (q = c->bells[bell].next; q != &c->bells[bell]; q = q->next) {
    luv_state *S = luv_container(q - bell, luv_link, bell)->o.S;
    __atomic_store_n(&S->making_way, 1, __ATOMIC_RELAXED);
    luv__ring(S);
  }
}

/* ---- links ------------------------------------------------------------------------------- */

luv_link *luv__link_new(luv_state *S, int class_id, luv_core *c) {
  luv_link *k = (luv_link *)luv__object_new(S, class_id, sizeof *k);
  if (!k) {
    luv__core_drop(c);
    return NULL;
  }
  k->o.flags = LUV_O_LINK;
  k->core = c;
  queue_init(&k->senders);
  queue_init(&k->bell[LUV_BELL_GET]);
  queue_init(&k->bell[LUV_BELL_PUT]);
  queue_init(&k->node);
  return k;
}

/* Whoever has been rung is to be rung again from here on. Locked. */
static void forget_told(luv_core *c) {
  __atomic_store_n(&c->told[LUV_BELL_GET], 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&c->told[LUV_BELL_PUT], 0, __ATOMIC_SEQ_CST);
}

/* Locked. */
void luv__link_hang(luv_link *k, int bell) {
  if (queue_empty(&k->bell[bell])) {
    queue_push(&k->core->bells[bell], &k->bell[bell]);
    __atomic_add_fetch(&k->core->hanging[bell], 1, __ATOMIC_SEQ_CST);
    forget_told(k->core);
  }
  if (queue_empty(&k->node)) queue_push(&luv__threads(k->o.S)->links, &k->node);
}

static void take_off(luv_link *k, int bell) {
  if (queue_empty(&k->bell[bell])) return;
  queue_remove(&k->bell[bell]);
  __atomic_sub_fetch(&k->core->hanging[bell], 1, __ATOMIC_SEQ_CST);
  forget_told(k->core);
}

/* Takes k off the bells that nobody waits at. Locked. */
void luv__link_unhang(luv_link *k) {
  if (queue_empty(&k->o.waiters) && !k->keep) take_off(k, LUV_BELL_GET);
  if (queue_empty(&k->senders)) take_off(k, LUV_BELL_PUT);
  if (queue_empty(&k->bell[LUV_BELL_GET]) && queue_empty(&k->bell[LUV_BELL_PUT])) queue_remove(&k->node);
}

static void pass_on(luv_core *c) {
  int bell;
  for (bell = 0; bell < LUV_BELLS; bell++)
    if (c->kind->ready(c, bell)) luv__core_ring(c, bell);
}

static void unwant(luv_link *k, uint32_t n) {
  k->wanted -= n;
  k->core->wanted -= n;
}

/* Those that have left k. Locked. */
static void see_off(luv_link *k) {
  unwant(k, k->left);
  k->left = 0;
}

/* Those that have left other links: a case of a luv.select that was served takes the others
 * along, wherever they wait. */
static void see_all_off(luv_state *S) {
  luv_queue *q;
  luv__threads(S)->left = 0;
  for (q = luv__threads(S)->links.next; q != &luv__threads(S)->links; q = q->next) {
    luv_link *k = luv_container(q, luv_link, node);
    if (!k->left) continue;
    pthread_mutex_lock(&k->core->lock);
    see_off(k);
    pthread_mutex_unlock(&k->core->lock);
  }
}

/* Serves k; takes it off the bells that nobody waits at. Locked; unlocks. */
static void serve_locked(luv_link *k) {
  luv_state *S = k->o.S;
  luv__threads(S)->locked = k->core;
  forget_told(k->core);
  k->core->kind->serve(k);
  luv__threads(S)->locked = NULL;
  see_off(k);
  luv__link_unhang(k);
  pass_on(k->core);
  pthread_mutex_unlock(&k->core->lock);
  if (LUV_UNLIKELY(luv__threads(S)->left)) see_all_off(S);
}

static void serve(luv_link *k) {
  luv_core *c = k->core;
  pthread_mutex_lock(&c->lock);
  serve_locked(k);
  if (c->kind->served) c->kind->served(k);
}

/* Locked; unlocks. */
static void begin(luv_link *k, int bell) {
  luv__link_hang(k, bell);
  serve_locked(k);
}

/* Of the cases of a luv.select, which is one that waits, the first counts: wait.arg says whether f does. */
static void count(luv_link *k, luv_fiber *f) {
  luv_fiber *by = f->is_main == LUV_IS_CASE ? luv__given.case_owner(f) : NULL;
  f->wait.arg = !by || k->by != by;
  k->by = by;
}

/* f leaves k: how many that is. */
static uint32_t uncount(luv_link *k, luv_fiber *f) {
  uint32_t n = (uint32_t)f->wait.arg;
  f->wait.arg = 0;
  if (n && f->is_main == LUV_IS_CASE && k->by == luv__given.case_owner(f)) k->by = NULL;
  return n;
}

void luv__link_wake(luv_link *k, luv_fiber *f, int out) {
  unwant(k, uncount(k, f));
  luv__wake(k->o.S, f, out);
}

void luv__link_wake_error(luv_link *k, luv_fiber *f, int err) {
  unwant(k, uncount(k, f));
  luv__wake_error(k->o.S, f, err);
}

int luv__link_begin(luv_state *S, luv_fiber *f) {
  luv_link *k = f->wait.on;
  (void)S;
  queue_push(&k->o.waiters, &f->wait.node);
  count(k, f);
  pthread_mutex_lock(&k->core->lock);
  k->wanted += (uint32_t)f->wait.arg;
  k->core->wanted += (uint32_t)f->wait.arg;
  begin(k, LUV_BELL_GET);
  return 0;
}

void luv__link_abandon(luv_state *S, luv_fiber *f) {
  luv_link *k = f->wait.on;
  uint32_t n = uncount(k, f);
  if (luv__threads(S)->locked && luv__threads(S)->locked != k->core) {
    k->left += n;
    luv__threads(S)->left = 1;
    return;
  }
  if (!luv__threads(S)->locked) pthread_mutex_lock(&k->core->lock);
  unwant(k, n);
  if (!luv__threads(S)->locked) pthread_mutex_unlock(&k->core->lock);
}

int luv__link_begin_put(luv_state *S, luv_fiber *f) {
  luv_link *k = f->wait.on;
  (void)S;
  queue_push(&k->senders, &f->wait.node);
  pthread_mutex_lock(&k->core->lock);
  begin(k, LUV_BELL_PUT);
  return 0;
}

/* The object closes: nobody of this state wants anything of the core any more. */
void luv__link_closing(luv_object *o) {
  luv_link *k = (luv_link *)o;
  k->keep = 0;
  if (o->S) luv__wake_all_error(o->S, &k->senders, UV_ECANCELED);
  pthread_mutex_lock(&k->core->lock);
  k->left = 0;
  unwant(k, k->wanted);
  luv__link_unhang(k);
  pass_on(k->core);
  pthread_mutex_unlock(&k->core->lock);
  luv__core_drop(k->core);
}

/* ---- the state's side -------------------------------------------------------------------- */

/* Serves the links of a state that has been rung. */
void luv__links_serve(luv_state *S) {
  luv_queue all;
  if (!__atomic_load_n(&S->rung, __ATOMIC_RELAXED)) return;
  __atomic_exchange_n(&S->rung, 0, __ATOMIC_SEQ_CST);
  luv__thread_cancelled(S);
  if (queue_empty(&luv__threads(S)->links)) return;
  all = luv__threads(S)->links; /* serving one may close another */
  all.next->prev = all.prev->next = &all;
  queue_init(&luv__threads(S)->links);
  while (!queue_empty(&all)) {
    luv_queue *q = all.next;
    queue_remove(q);
    queue_push(&luv__threads(S)->links, q);
    serve(luv_container(q, luv_link, node));
  }
}
