/* guard.c - a script has ended, and its threads still call what it has handed out.
 *
 * lua_close calls finalisers, the youngest userdata's first. The guard is a userdata that is always
 * anchored, so that its finaliser can only mean that; it is made anew with each object that is handed out and
 * each burst of calls, so that what these may need has most likely not been finalised. There it runs the
 * loop, until the threads that the process waits for have ended, or nobody holds anything. */
#include "proxy.h"

typedef struct { int is; } luv_guard;

static int threads_run(luv_state *S) {
  luv_queue *q, *all = &luv__threads(S)->children;
  for (q = all->next; q != all; q = q->next)
    if (!__atomic_load_n(&luv_container(q, luv_thread, child)->detached, __ATOMIC_RELAXED)) return 1;
  return 0;
}

static int is_over(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  return !threads_run(S) || (!P->nheld && !P->nout && !P->nserved);
}

/* The collector has been stopped, lest it calls finalisers of other modules' things. That lasts as long as memory does
 * not grow by much. */
static void watch_memory(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  int kb = S->polls % 64 || !P->most ? 0 : lua_gc(S->M, LUA_GCCOUNT, 0);
  if (kb <= P->most) return;
  P->most = 0;
  lua_gc(S->M, LUA_GCRESTART, 0);
}

void luv__guard_serve(luv_state *S) {
  luv_fiber *m = &S->main;
  watch_memory(S);
  if (m->status == LUV_WAITING && is_over(S)) luv__wake(S, m, LUV_OUT_TRUE);
}

static const luv_op end_op = {.name = "the threads' end", .flags = LUV_OP_EXTERNAL, .begin = luv__begin_asleep};

/* A finaliser: where nothing else can wait, this does. Ctrl-C ends it. */
static void wait_for_threads(luv_state *S, lua_State *L) {
  luv_proxies *P = luv__proxies(S);
  luv_fiber *m = &S->main;
  uint8_t before = luv__vm_leave_finalizer(L);
  int top = lua_gettop(L);
  luv__linger(S);
  P->ending = 1;
  P->most = lua_gc(L, LUA_GCCOUNT, 0) * 2 + 65536;
  m->flags &= (uint8_t)~LUV_F_CANCEL;
  luv__wait_prepare(S, m, &end_op, NULL, 0, LUV_NO_TIMEOUT);
  m->in = m->base = L;
  m->nargs = 0;
  luv__wait_begin(S, m);
  luv__run_main(S, L);
  m->out = LUV_OUT_STACK;
  P->ending = 0;
  lua_settop(L, top);
  luv__vm_enter_finalizer(L, before);
  luv__linger_no_more(S, L);
}

static int collect(lua_State *L) {
  luv_guard *g = lua_touserdata(L, 1);
  luv_state *S = luv_upstate(L);
  luv_proxies *P;
  if (luv__forked || S->dead) return 0;
  P = luv__proxies(S);
  if (g != P->guard) return 0;
  P->guard = NULL;
  if (!P->port || S->depth || S->current || S->main.status == LUV_WAITING || is_over(S)) return 0;
  luaL_checkstack(L, LUA_MINSTACK, "luv");
  wait_for_threads(S, L);
  return 0;
}

static void push_meta(luv_state *S, lua_State *L) {
  luv_proxies *P = luv__proxies(S);
  if (!P->ref_guard_meta) {
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, S);
    lua_pushcclosure(L, collect, 1);
    lua_setfield(L, -2, "__gc");
    P->ref_guard_meta = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushboolean(L, 0);
    P->ref_guard = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, P->ref_guard_meta);
}

/* Makes it anew. May raise (memory). */
void luv__guard_renew(luv_state *S, lua_State *L) {
  luv_proxies *P = luv__proxies(S);
  luv_guard *g;
  luaL_checkstack(L, 4, "luv");
  g = lua_newuserdata(L, sizeof *g);
  push_meta(S, L);
  lua_setmetatable(L, -2);
  lua_rawseti(L, LUA_REGISTRYINDEX, P->ref_guard);
  P->guard = g;
  P->guarded = S->now;
}
