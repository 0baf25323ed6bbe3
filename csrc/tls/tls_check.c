/* tls_check.c - the faces that take options of TLS, and the script's functions among these.
 *
 * Go cannot hold a function of Lua's: what stands in the fields `check` and `choose` is put into the
 * registry, and Go gets its number, in a copy of the table. It is called as a fiber, so it may wait. */
#include "tls.h"

static const char source[] =
  "local done, pcall, tostring = ...\n"
  "return function(fn, id, what, info)\n"
  "  local ok, yes, why = pcall(fn, what, info)\n"
  "  if not ok then yes, why = false, 'the ' .. (info and 'check' or 'choose') .. ' function failed: ' .. tostring(yes) end\n"
  "  done(id, yes and true or false, why ~= nil and tostring(why) or nil, not info and yes or nil)\n"
  "end\n";

/* ---- Go's number for a function ------------------------------------------------------------ */

static void copy_table(lua_State *L, int idx) {
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, idx)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, -4);
  }
}

static const char *const names[] = {"check", "choose"};

#define NAMES 2

/* Whether there are functions among the options at idx; what is something else raises. */
static int has_functions(luv_state *S, lua_State *L, int idx, int arg, const char *fname) {
  int i, n = 0;
  if (!lua_istable(L, idx)) return 0;
  for (i = 0; i < NAMES; i++) {
    lua_pushstring(L, names[i]);
    lua_rawget(L, idx);
    if (lua_isfunction(L, -1)) n++;
    else if (!lua_isnil(L, -1)) luv__arg_error(S, L, arg, fname, lua_pushfstring(L, "field '%s': function expected", names[i]));
    lua_pop(L, 1);
  }
  return n;
}

/* In the copy at idx. */
static void lend(lua_State *L, int idx) {
  int i;
  for (i = 0; i < NAMES; i++) {
    lua_getfield(L, idx, names[i]);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      continue;
    }
    lua_pushinteger(L, luaL_ref(L, LUA_REGISTRYINDEX));
    lua_setfield(L, idx, names[i]);
  }
}

static int forward(lua_State *L, int idx, int arg, const char *fname) {
  luaL_checkstack(L, LUA_MINSTACK, "luv");
  if (has_functions(luv_enter(L), L, idx, arg, fname)) {
    copy_table(L, idx);
    lua_replace(L, idx);
    lend(L, idx);
  }
  return luv_trampoline(L);
}

/* config = luv.tls.config(opts) */
int luv_tls_config(lua_State *L) { return forward(L, 1, 1, "config"); }

/* stream = luv.tls.connect(host, port[, opts][, timeout]) */
int luv_tls_connect(lua_State *L) { return forward(L, 3, 3, "connect"); }

/* listener = luv.tls.listen(host, port, config[, backlog]) */
int luv_tls_listen(lua_State *L) { return forward(L, 3, 3, "listen"); }

/* stream = stream:starttls([opts][, timeout]) */
int luv_stream_starttls(lua_State *L) {
  luv__check_stream(luv_enter(L), L, "starttls");
  return forward(L, 2, 1, "starttls");
}

/* ---- calling it ---------------------------------------------------------------------------------- */

typedef struct { luv_state *S; int ref; double id; luv_values *args; } job;

static void push_runner(luv_state *S, lua_State *M) {
  luv__load(S, M, source, sizeof source - 1);
  lua_rawgeti(M, LUA_REGISTRYINDEX, S->ref_module);
  lua_getfield(M, -1, "tls");
  lua_getfield(M, -1, "__checked");
  lua_replace(M, -3);
  lua_pop(M, 1);
  luv__push_native(S, M, "pcall");
  luv__push_native(S, M, "tostring");
  lua_call(M, 3, 1);
}

static int spawn(lua_State *M) {
  job *j = lua_touserdata(M, 1);
  luv_fiber *f;
  luaL_checkstack(M, LUA_MINSTACK, "luv");
  push_runner(j->S, M);
  lua_rawgeti(M, LUA_REGISTRYINDEX, j->ref);
  lua_pushnumber(M, j->id);
  f = luv__fiber_new(j->S, M, 3 + luv__values_push(j->S, M, j->args));
  luv__fiber_ready(j->S, M, f);
  return 0;
}

/* Runs the function with that number; the values are taken over. Called by Go. */
int luv__tls_check(luv_state *S, int ref, double id, luv_values *args) {
  job j = {S, ref, id, args};
  int err = luv__protect(S, spawn, &j);
  if (err) lua_pop(S->M, 1);
  luv__values_free(args);
  return err;
}
