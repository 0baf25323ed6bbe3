/* proxy.c - luv.proxy and luv.share: what a script sees beside the proxies themselves. */
#include "proxy.h"

static luv_proxy *check(luv_state *S, lua_State *L, const char *fname) {
  luv_proxy *p = luv__toproxy(L, 1);
  if (!p) luv__type_error(S, L, 1, 1, fname, "luv.proxy");
  if (!p->ref) luv__error(S, L, "the proxy has been released");
  return p;
}

static int ask(lua_State *L, const char *fname, int op) {
  luv_state *S = luv_enter(L);
  if (luv__is_remote(L, 1)) return luv__remote_call(S, L, fname);
  luv_proxy *p = check(S, L, fname);
  lua_settop(L, 1);
  return luv__proxy_do(S, L, p->ref, op, 2);
}

/* next = luv.proxy.pairs(p) */
int luv_proxy_pairs(lua_State *L) { return ask(L, "pairs", LUV_DO_PAIRS); }

/* next = luv.proxy.ipairs(p) */
int luv_proxy_ipairs(lua_State *L) { return ask(L, "ipairs", LUV_DO_IPAIRS); }

/* value = luv.proxy.get(p): a copy */
int luv_proxy_get(lua_State *L) { return ask(L, "get", LUV_DO_COPY); }

/* yes = luv.proxy.is(value) */
int luv_proxy_is(lua_State *L) {
  luv_enter(L);
  lua_pushboolean(L, luv__toproxy(L, 1) != NULL || luv__is_remote(L, 1));
  return 1;
}

/* luv.proxy.release(p) */
int luv_proxy_release(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_proxy *p = luv__toproxy(L, 1);
  if (luv__is_remote(L, 1)) return luv__remote_call(S, L, "release");
  if (!p) return luv__type_error(S, L, 1, 1, "release", "luv.proxy");
  if (p->ref) luv__proxy_release(S, L, p);
  lua_pushboolean(L, 1);
  return 1;
}

/* thread = luv.proxy.owner(p) */
int luv_proxy_owner(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_thread *t;
  if (luv__is_remote(L, 1)) return luv__remote_call(S, L, "owner");
  t = check(S, L, "owner")->ref->owner->thread;
  luv__core_hold(&t->task.core);
  return luv__thread_push(S, L, t);
}

/* old = luv.proxy.automatic([on]) */
int luv_proxy_automatic(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_proxies *P = luv__proxies(S);
  lua_pushboolean(L, !P->manual);
  if (lua_isnoneornil(L, 1)) return 1;
  if (lua_type(L, 1) != LUA_TBOOLEAN) return luv__type_error(S, L, 1, 1, "automatic", "boolean");
  P->manual = !lua_toboolean(L, 1);
  return 1;
}

/* text, err = luv.proxy.traceback([err]) */
int luv_proxy_traceback(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_proxies *P = luv__proxies(S);
  int any = lua_isnone(L, 1);
  lua_settop(L, 1);
  if (!P->ref_traces) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, P->ref_traces);
  if (luv_current(S)) luv__push_fiber(S, L, luv_current(S));
  else lua_pushboolean(L, 1);
  lua_rawget(L, 2);
  if (!lua_istable(L, 3)) return 0;
  lua_rawgeti(L, 3, 1);
  if (!any && !lua_rawequal(L, 1, 4)) return 0;
  lua_rawgeti(L, 3, 2);
  return 1;
}

/* obj = luv.share(obj[, on]) */
int luv_share(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_proxies *P = luv__proxies(S);
  int type = lua_type(L, 1), on = lua_isnoneornil(L, 2) || lua_toboolean(L, 2);
  if (type != LUA_TTABLE && type != LUA_TFUNCTION && type != LUA_TUSERDATA && type != LUA_TTHREAD)
    return luv__type_error(S, L, 1, 1, "share", "table, function, userdata or coroutine");
  if (lua_gettop(L) > 1 && !lua_isnil(L, 2) && lua_type(L, 2) != LUA_TBOOLEAN) return luv__type_error(S, L, 2, 2, "share", "boolean");
  if (luv__toproxy(L, 1)) return luv__arg_error(S, L, 1, "share", "a proxy stays where it is");
  luv__proxies_want(L, &P->ref_marks, "k");
  lua_rawgeti(L, LUA_REGISTRYINDEX, P->ref_marks);
  lua_pushvalue(L, 1);
  if (on) lua_pushboolean(L, 1);
  else lua_pushnil(L);
  lua_rawset(L, -3);
  P->marked = 1;
  lua_settop(L, 1);
  return 1;
}
