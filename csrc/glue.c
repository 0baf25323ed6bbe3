/* glue.c - the small Lua functions that luv puts between a script and C.
 *
 * Lua 5.1 cannot resume a thread whose bottom function is written in C and has yielded: a C
 * function that is to run as a fiber gets a Lua function under it, `body`. On LuaJIT each face
 * that can wait stands behind a Lua function: see wrap.c. */
#include "luv.h"

static const char body[] = "return function(fn, ...) return fn(...) end";

static void ref_body(luv_state *S, lua_State *L) {
  if (luaL_loadbuffer(L, body, sizeof body - 1, "=luv")) lua_error(L);
  lua_call(L, 0, 1);
  S->ref_body = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pushes `body` if the function at idx needs it; returns how many values that was. The message
 * of error() itself would say where the body is. */
int luv__push_body(luv_state *S, lua_State *L, int idx) {
  lua_CFunction fn = S->jit ? NULL : lua_tocfunction(L, idx);
  if (LUV_LIKELY(!fn) || fn == S->native_error) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_body);
  return 1;
}

static int grow_stack(lua_State *L) {
  luaL_checkstack(L, (int)(intptr_t)lua_touserdata(L, 1), "too many results");
  return 0;
}

/* Beyond what every suspended call has free, growing may raise, so it is done protected. */
int luv__room(lua_State *L, int n) {
  enum { FREE = 12 };
  if (LUV_LIKELY(n <= FREE)) return 1;
  if (lua_cpcall(L, grow_stack, (void *)(intptr_t)(n + 8)) == 0 && lua_checkstack(L, n))
    return 1;
  lua_settop(L, -2);
  return 0;
}

/* What these functions know as globals, as it was when luv was opened: a script, or a sandbox,
 * may take any of it away. */
static void ref_natives(luv_state *S, lua_State *L) {
  static const char *const names[] = {"error", "type", "unpack", "select", "pcall", "require",
                                      "setmetatable", "pairs", "jit", NULL};
  const char *const *name;
  lua_newtable(L);
  for (name = names; *name; name++) {
    lua_getglobal(L, *name);
    lua_setfield(L, -2, *name);
  }
  S->ref_natives = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pushes a chunk of luv's own, which sees them and nothing else. */
void luv__load(luv_state *S, lua_State *L, const char *source, size_t n) {
  if (luaL_loadbuffer(L, source, n, "=luv")) lua_error(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_natives);
  lua_setfenv(L, -2);
}

void luv__push_native(luv_state *S, lua_State *L, const char *name) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_natives);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

/* Makes all of them; called while the state is set up. */
void luv__glue_open(luv_state *S, lua_State *L) {
  ref_natives(S, L);
  ref_body(S, L);
  lua_getglobal(L, "error");
  S->native_error = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  lua_pushcfunction(L, nothing);
  S->ref_nothing = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* with and scope begin in Lua, since each calls what can suspend, and goes on after it. */
static const char glue[] =
  "local lock, with = ...\n"
  "return function(m, fn, ...)\n"
  "  local ok, message, code = lock(m)\n"
  "  if not ok then return ok, message, code end\n"
  "  return with(m, fn, ...)\n"
  "end";

static const char scope[] =
  "local create, failed, wait, leave, call, cancelled, traceback = ...\n"
  "local type, error, unpack, select, pcall = type, error, unpack, select, pcall\n"
  "local function handler(e) return {e, traceback and traceback('', 2)} end\n"
  "local function finish(s, ok, ...)\n"
  "  if not ok then\n"
  "    local e = ...\n"
  "    if type(e) == 'table' then failed(s, e[1], e[2]) else failed(s, e) end\n"
  "  end\n"
  "  local done, e = pcall(wait, s)\n"
  "  if not done then\n"      /* a deadlock, Ctrl-C: the children go first */
  "    failed(s, e)\n"
  "    wait(s)\n"
  "  end\n"
  "  leave(s)\n"
  "  return ...\n"
  "end\n"
  "local function pack(...) return {n = select('#', ...), ...} end\n"
  "local function lives(o)\n"
  "  if o.status then return o:status() ~= 'dead' end\n"
  "  local ok, _, _, code = pcall(o.wait, o, 0)\n"
  "  return not ok or code == 'ETIMEDOUT'\n"
  "end\n"
  "local function watch(o)\n"
  "  local wait = o.join or o.wait\n"
  "  local r = pack(pcall(wait, o))\n"
  "  if r[1] then return unpack(r, 2, r.n) end\n"
  "  local stop = cancelled(r[2]) and (o.cancel or o.kill)\n"
  "  if stop then stop(o) end\n"
  "  while stop and lives(o) do pcall(wait, o) end\n" /* a second cancel leaves nothing behind */
  "  error(r[2], 0)\n"
  "end\n"
  "return function(fn, ...)\n"
  "  local s = create(fn)\n"
  "  return finish(s, call(handler, fn, s, ...))\n"
  "end, watch";

/* ok, ... = call(handler, fn, ...): xpcall with arguments, which Lua 5.1's does not take */
static int call(lua_State *L) {
  lua_pushboolean(L, lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 1) == 0);
  lua_replace(L, 1);
  return lua_gettop(L);
}

static void make_scope(luv_state *S, lua_State *L) {
  lua_pop(L, 1);
  luv__load(S, L, scope, sizeof scope - 1);
  luv__push_face(S, L, luv__scope_create, luv__class_scope.id);
  luv__push_face(S, L, luv__scope_failed, luv__class_scope.id);
  luv__push_face(S, L, luv__scope_wait, luv__class_scope.id);
  luv__push_face(S, L, luv__scope_leave, luv__class_scope.id);
  lua_pushcfunction(L, call);
  luv__push_face(S, L, luv_cancelled, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_traceback);
  lua_call(L, 7, 2);
  S->ref_watch = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void wrap_with(luv_state *S, lua_State *L) {
  luv__load(S, L, glue, sizeof glue - 1);
  lua_insert(L, -2);
  luv__push_face(S, L, luv_mutex_lock, luv__class_mutex.id);
  lua_insert(L, -2);
  lua_call(L, 2, 1);
}

/* A face, as Lua is to call it. */
void luv__push_face(luv_state *S, lua_State *L, lua_CFunction fn, int class_id) {
  lua_pushlightuserdata(L, S);
  lua_pushinteger(L, class_id);
  lua_pushcclosure(L, fn, 2);
  if (luv__can_wait(fn)) luv__wrap_suspending(S, L, fn);
}

/* Puts an iterator in the place of the object on top: fn, whose upvalue 2 is the object. */
void luv__push_iterator(luv_state *S, lua_State *W, lua_CFunction fn) {
  lua_pushlightuserdata(W, S);
  lua_insert(W, -2);
  lua_pushcclosure(W, fn, 2);
  luv__wrap_suspending(S, W, fn);
}

void luv__wrap_suspending(luv_state *S, lua_State *L, lua_CFunction fn) {
  if (S->jit) luv__wrap(S, L, fn);
  if (fn == luv_mutex_with) wrap_with(S, L);
  if (fn == luv_scope) make_scope(S, L);
  if (fn == luv_process_run) luv__wrap_run(S, L);
}
