/* meta.c - what can be done with a proxy: each metamethod asks the owner.
 *
 * A field that holds a function is read from the owner at most once a millisecond: what it held stands in the
 * proxy's environment, as methods[name], and methods[function] says since when. So p:method() is one
 * message, not two. */
#include "proxy.h"

#define LEASE 1000000 /* ns */

static luv_ref *check(luv_state *S, lua_State *L, int idx) {
  luv_proxy *p = luv__toproxy(L, idx);
  if (!p) luv__type_error(S, L, idx, idx, "proxy", "luv.proxy");
  if (!p->ref) luv__error(S, L, "the proxy has been released");
  return p->ref;
}

/* ---- methods ----------------------------------------------------------------------------- */

/* A function, W's top, was read by the call on L, of whose arguments the first two are proxy and key. */
void luv__proxy_learn(luv_state *S, lua_State *W, lua_State *L) {
  luv_proxy *fn = luv__toproxy(W, -1), *p;
  int top = lua_gettop(W);
  if (strcmp(fn->ref->kind, "function") != 0 || lua_type(L, 2) != LUA_TSTRING) return;
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  if (W != L) lua_xmove(L, W, 2);
  p = luv__toproxy(W, top + 1);
  if (p && p->magic == luv__proxy_magic) {
    lua_createtable(W, 0, 2);
    lua_setfenv(W, top + 1);
    p->magic = luv__proxy_magic + 1;
  }
  if (p) {
    lua_getfenv(W, top + 1);
    lua_pushvalue(W, top + 2);
    lua_pushvalue(W, top);
    lua_rawset(W, -3);
    lua_pushvalue(W, top);
    lua_pushnumber(W, (lua_Number)S->now);
    lua_rawset(W, -3);
  }
  lua_settop(W, top);
}

/* Pushes on W the function that was learnt of the field that the call on L reads: 0, there is none. */
int luv__proxy_recall(lua_State *W, lua_State *L) {
  luv_proxy *p = luv__toproxy(L, 1);
  if (!p || p->magic == luv__proxy_magic || lua_type(L, 2) != LUA_TSTRING) return 0;
  lua_getfenv(L, 1);
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  if (W != L) lua_xmove(L, W, 1);
  if (W == L) lua_remove(L, -2);
  else lua_pop(L, 1);
  if (luv__toproxy(W, -1)) return 1;
  lua_pop(W, 1);
  return 0;
}

/* Leaves the function that the field is known to hold; else nothing. What is too old is asked for by
 * one, while the others go on with it. */
static int push_known(luv_state *S, lua_State *L, luv_proxy *p) {
  lua_Number since;
  if (p->magic == luv__proxy_magic || lua_type(L, 2) != LUA_TSTRING) return 0;
  lua_getfenv(L, 1);
  lua_pushvalue(L, 2);
  lua_rawget(L, 3);
  if (lua_isuserdata(L, -1) && luv__toproxy(L, -1)->ref) {
    lua_pushvalue(L, -1);
    lua_rawget(L, 3);
    since = lua_tonumber(L, -1);
    lua_pop(L, 1);
    if ((lua_Number)S->now - since < LEASE) return 1;
    lua_pushvalue(L, -1);
    lua_pushnumber(L, (lua_Number)S->now);
    lua_rawset(L, 3);
  }
  lua_settop(L, 2);
  return 0;
}

/* A field is set here: what it held is not known any more. */
static void forget(lua_State *L, luv_proxy *p) {
  if (p->magic == luv__proxy_magic || lua_type(L, 2) != LUA_TSTRING) return;
  lua_getfenv(L, 1);
  lua_pushvalue(L, 2);
  lua_pushnil(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

/* ---- metamethods ------------------------------------------------------------------------- */

static int get(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_ref *r = check(S, L, 1);
  lua_settop(L, 2);
  if (push_known(S, L, lua_touserdata(L, 1))) return 1;
  return luv__proxy_do(S, L, r, LUV_DO_GET, 2);
}

static int newindex(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_ref *r = check(S, L, 1);
  forget(L, lua_touserdata(L, 1));
  return luv__proxy_do(S, L, r, LUV_DO_SET, 2);
}

static int call(lua_State *L) {
  luv_state *S = luv_enter(L);
  return luv__proxy_do(S, L, check(S, L, 1), LUV_DO_CALL, 2);
}

static int length(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_settop(L, 1);
  return luv__proxy_do(S, L, check(S, L, 1), LUV_DO_LEN, 2);
}

/* Upvalue 2 is what is to be done. The owner of the first proxy does it. */
static int operate(lua_State *L) {
  luv_state *S = luv_enter(L);
  int op = (int)lua_tointeger(L, lua_upvalueindex(2));
  lua_settop(L, op == LUV_DO_UNM ? 1 : 2);
  return luv__proxy_do(S, L, check(S, L, luv__toproxy(L, 1) ? 1 : 2), op, 1);
}

/* proxy<luv.tcp>: 0x… of thread 1 'main' */
static int to_string(lua_State *L) {
  luv_proxy *p = luv__toproxy(L, 1);
  char owner[64];
  if (!p) return luaL_error(L, "luv.proxy expected");
  if (!p->ref) {
    lua_pushliteral(L, "proxy<>: released");
    return 1;
  }
  luv__port_name(p->ref->owner, owner, sizeof owner);
  lua_pushfstring(L, "proxy<%s>: %p of %s", p->ref->kind, p->ref->address, owner);
  return 1;
}

static int collect(lua_State *L) {
  luv_proxy *p = luv__toproxy(L, 1);
  luv_ref *r = p ? p->ref : NULL;
  if (!r || luv__forked || luv_upstate(L)->lingers) return 0;
  p->ref = NULL;
  luv__ref_drop(r);
  return 0;
}

static void set(luv_state *S, lua_State *L, const char *name, lua_CFunction fn, int op) {
  luv_face face = {.fn = fn, .waits = 1};
  luv__push_face(S, L, &face, op);
  lua_setfield(L, -2, name);
}

static void set_operators(luv_state *S, lua_State *L) {
  static const char *const names[] = {"__concat", "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__lt", "__le"};
  int i;
  for (i = 0; i < (int)(sizeof names / sizeof *names); i++) set(S, L, names[i], operate, LUV_DO_CONCAT + i);
}

void luv__proxy_push_meta(luv_state *S, lua_State *L) {
  luv_proxies *P = luv__proxies(S);
  if (LUV_UNLIKELY(!P->ref_meta)) {
    lua_createtable(L, 0, 20);
    lua_pushliteral(L, "luv.proxy");
    lua_setfield(L, -2, "__metatable");
    lua_pushliteral(L, "luv.proxy");
    lua_setfield(L, -2, "__name");
    set(S, L, "__index", get, 0);
    set(S, L, "__newindex", newindex, 0);
    set(S, L, "__call", call, 0);
    set(S, L, "__len", length, 0);
    set_operators(S, L);
    lua_pushcfunction(L, to_string);
    lua_setfield(L, -2, "__tostring");
    lua_pushlightuserdata(L, S);
    lua_pushcclosure(L, collect, 1);
    lua_setfield(L, -2, "__gc");
    P->ref_meta = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, P->ref_meta);
}
