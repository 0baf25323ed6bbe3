/* stats.c - luv.stats(): what the scheduler has done and holds. */
#include "luv.h"

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
  for (i = 0; i < LUV_MAX_CLASSES; i++)
    if (count[i]) number(L, luv__class_name(i), count[i]);
  number(L, "total", total);
  lua_setfield(L, -2, "handles");
}

/* Operations that Go or libuv's pool carries out, those nobody waits for any more included. */
static uint64_t operations(luv_state *S) {
  luv_queue *q;
  uint64_t n = luv__fs_pending(S);
  for (q = S->goops.next; q != &S->goops; q = q->next) n++;
  return n;
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
  fibers(S, L);
  handles(S, L);
  return 1;
}
