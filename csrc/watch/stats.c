/* stats.c - luv.stats(): what the scheduler has done and holds. */
#include "dump.h"

static void number(lua_State *L, const char *key, uint64_t n) {
  lua_pushnumber(L, (lua_Number)n);
  lua_setfield(L, -2, key);
}

static void fibers(luv_state *S, lua_State *L) {
  uint64_t count[LUV_DEAD + 1] = {0};
  uint32_t slot, running = luv_current(S) != NULL;
  lua_newtable(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_anchors);
  for (slot = 1; slot <= S->top_slot; slot++) {
    luv_fiber *f;
    lua_rawgeti(L, -1, (int)(2 * slot));
    if ((f = lua_touserdata(L, -1))) count[f->status]++;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  number(L, "ready", count[LUV_READY] - running);
  number(L, "running", running);
  number(L, "waiting", count[LUV_WAITING]);
  number(L, "total", S->nfibers);
  lua_setfield(L, -2, "fibers");
}

static void handles(luv_state *S, lua_State *L) {
  luv_queue *q;
  uint64_t count[LUV_MAX_CLASSES] = {0}, total = 0;
  int i;
  for (q = S->objects.next; q != &S->objects; q = q->next, total++)
    count[luv_container(q, luv_object, link)->class_id]++;
  lua_newtable(L);
  for (i = 0; i < luv__nclasses(); i++)
    if (count[i]) number(L, luv__class_name(i), count[i]);
  number(L, "total", total);
  lua_setfield(L, -2, "handles");
}

/* Operations that Go or libuv's pool carries out, those nobody waits for any more included. */
static uint64_t operations(luv_state *S) {
  luv_queue *q;
  uint64_t n = luv__outside_working(S);
  for (q = S->goops.next; q != &S->goops; q = q->next) n++;
  return n;
}

static void seconds(lua_State *L, const char *key, double s) {
  lua_pushnumber(L, s);
  lua_setfield(L, -2, key);
}

static void ready_delay(luv_state *S, lua_State *L) {
  lua_newtable(L);
  seconds(L, "p50", luv__delay_percentile(&S->delay, 0.5));
  seconds(L, "p99", luv__delay_percentile(&S->delay, 0.99));
  seconds(L, "max", (double)S->delay.max / 1e9);
  number(L, "samples", S->delay.n);
  lua_setfield(L, -2, "ready_delay");
}

static void stacks(luv_state *S, lua_State *L) {
  lua_newtable(L);
  number(L, "total", S->stacks.total);
  number(L, "idle", S->stacks.nidle);
  lua_setfield(L, -2, "stacks");
}

static void bytes(luv_state *S, lua_State *L) {
  lua_newtable(L);
  number(L, "read", S->bytes_read);
  number(L, "written", S->bytes_written);
  lua_setfield(L, -2, "bytes");
}

/* What the watchdog has met, as a new table. */
static void slow(luv_state *S, lua_State *L) {
  int i, n;
  lua_newtable(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__watch(S)->ref_slow);
  n = lua_istable(L, -1) ? (int)lua_objlen(L, -1) : 0;
  for (i = 1; i <= n; i++) {
    lua_rawgeti(L, -1, i);
    lua_rawseti(L, -3, i);
  }
  lua_pop(L, 1);
  lua_setfield(L, -2, "slow");
}

/* t = luv.stats() */
int luv_stats(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_newtable(L);
  luv__budget_renew(S);
  number(L, "switches", S->switches);
  number(L, "polls", S->polls);
  number(L, "go_callbacks", S->go_callbacks);
  number(L, "external", (uint64_t)S->external);
  number(L, "timers", S->heap.n);
  number(L, "operations", operations(S));
  number(L, "gc_closed", S->gc_closed);
  fibers(S, L);
  handles(S, L);
  ready_delay(S, L);
  bytes(S, L);
  stacks(S, L);
  slow(S, L);
  LUV_EACH_ROOM(count, S, L);
  return 1;
}
