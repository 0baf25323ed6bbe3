/* check.c - the check build (tag luvcheck): the invariants of luv.h, walked at every
 * poll, and a garbage collection at every crossing between Lua and luv.
 *
 * In a large heap the collection is a step, and the walk is done now and then: the tests
 * with ten thousand connections are to end, too.
 *
 * With the variable LUV_HOSTILE=SEED each allocation behind a crossing collects, until a finaliser
 * (tests/lib/hostile.lua) has had enough; with 0 a crossing is but a step. */
#include "luv.h"

#ifdef LUV_CHECK
#include <stdio.h>

void luv__assert_fail(const char *what, const char *file, int line) {
  fprintf(stderr, "luv: invariant broken at %s:%d: %s\n", file, line, what);
  abort();
}

static int hostile, gentle;

__attribute__((constructor)) static void look(void) {
  const char *seed = getenv("LUV_HOSTILE");
  gentle = seed && strcmp(seed, "0") == 0;
  hostile = seed && !gentle;
}

/* From here on each allocation that may collect does a whole cycle. */
static void heat(lua_State *L) {
  lua_gc(L, LUA_GCSETPAUSE, 0);
  lua_gc(L, LUA_GCSETSTEPMUL, 1000000);
  lua_gc(L, LUA_GCRESTART, 0);
}

/* The first crossings of a process, then one of some, then one of many: the tests are to end. */
static int hot_enough(void) {
  static unsigned n; /* of whatever thread: it need not be exact */
  return ++n > 1000 && n % (n < 20000 ? 40 : 2000);
}

/* Called by every face, and before an outcome is delivered. In a finaliser Lua itself does not
 * collect: one cycle in the midst of another, and so on, has no end. */
void luv__check_crossing(lua_State *L) {
  int small = lua_gc(L, LUA_GCCOUNT, 0) < 1024;
  if (luv__vm_place(L) == LUV_AT_FINALIZER || (luv__running && luv__running->lingers)) return;
  if (hostile && small && !hot_enough()) heat(L);
  else if (small && !hostile && !gentle) lua_gc(L, LUA_GCCOLLECT, 0);
  else lua_gc(L, LUA_GCSTEP, 10);
}

static void check_ready(luv_state *S) {
  uint32_t i;
  for (i = S->ready.head; i != S->ready.tail; i++) {
    luv_fiber *f = S->ready.v[i & S->ready.mask];
    luv_assert(f->status == LUV_READY || f->is_main);
    luv_assert(queue_empty(&f->wait.node));
    luv_assert(f->slot || f->is_main);
  }
}

static void check_waiters(luv_queue *head, const void *on) {
  luv_queue *q;
  for (q = head->next; q != head; q = q->next) {
    luv_fiber *f = luv_container(q, luv_fiber, wait.node);
    luv_assert(q->next->prev == q);
    luv_assert(f->status == LUV_WAITING);
    luv_assert(f->wait.op && f->wait.op != &luv__op_none);
    luv_assert(!on || f->wait.on == on);
    luv_assert(f->slot || f->is_main);
  }
}

/* Those that wait in queues of the class's own. */
static void check_others(luv_object *o) {
  const luv_class *c = luv__classes[o->class_id];
  luv_queue *head;
  int i;
  for (i = 0; c->queues && (head = c->queues(o, i)); i++) check_waiters(head, o);
}

static void check_objects(luv_state *S) {
  luv_queue *q;
  for (q = S->objects.next; q != &S->objects; q = q->next) {
    luv_object *o = luv_container(q, luv_object, link);
    luv_assert(o->S == S);
    luv_assert(!o->box || o->box->o == o);
    check_waiters(&o->waiters, o);
    check_others(o);
  }
}

static void check_heap(luv_heap *h) {
  uint32_t i;
  for (i = 0; i < h->n; i++) {
    luv_assert(h->v[i].due->index == i + 1);
    luv_assert(i == 0 || h->v[(i - 1) / 4].at <= h->v[i].at);
  }
}

/* The state's counts against the fibers themselves. */
static int check_fibers(lua_State *M) {
  luv_state *S = lua_touserdata(M, 1);
  uint32_t slot, living = 0;
  int external = S->main.status == LUV_WAITING && S->main.wait.external;
  lua_rawgeti(M, LUA_REGISTRYINDEX, S->ref_anchors);
  for (slot = 1; slot <= S->top_slot; slot++) {
    luv_fiber *f;
    lua_rawgeti(M, -1, (int)(2 * slot));
    f = lua_touserdata(M, -1);
    lua_pop(M, 1);
    if (!f) continue;
    living++;
    luv_assert(f->slot == slot);
    luv_assert(f->status == LUV_READY || f->status == LUV_WAITING || f == luv_current(S));
    external += f->status == LUV_WAITING && f->wait.external;
  }
  luv_assert(living == S->nfibers);
  luv_assert(external == S->external);
  return 0;
}

void luv__check_state(luv_state *S) {
  if (S->nfibers > 500 && S->polls % 256) return;
  check_ready(S);
  check_waiters(&S->asleep, NULL);
  check_objects(S);
  check_heap(&S->heap);
  if (luv__protect(S, check_fibers, S)) lua_pop(S->M, 1);
}
#endif
