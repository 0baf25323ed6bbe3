/* suspend.c - the small Lua functions that luv puts between a script and C.
 *
 * Lua 5.1 cannot resume a thread whose bottom function is written in C and has yielded.
 * A C function that is to run as a fiber, a coroutine or in a pcall gets a Lua function
 * under it: `body`.
 *
 * On LuaJIT nothing may run fibers from a finaliser or a debug hook: it takes each of
 * their yields for one of the hook's. The probe finds out: such a yield loses its value.
 *
 * There, too, each face that can wait stands behind a Lua function: see wrap.c. */
#include "luv.h"

static const char body[] = "return function(fn, ...) return fn(...) end";

static void ref_body(luv_state *S, lua_State *L) {
  if (luaL_loadbuffer(L, body, sizeof body - 1, "=luv")) lua_error(L);
  lua_call(L, 0, 1);
  S->ref_body = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushliteral(L, "attempt to yield across metamethod/C-call boundary");
  S->ref_boundary = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pushes `body` if the function at idx needs it; returns how many values that was. Only
 * functions that can yield get it (`all`: any C function), since it shows: the level
 * above an error in the function is Lua then. */
int luv__push_body(luv_state *S, lua_State *L, int idx, int all) {
  lua_CFunction fn = S->jit ? NULL : lua_tocfunction(L, idx);
  if (LUV_LIKELY(!fn)) return 0;
  if (!all && fn != S->native_yield && !luv__can_wait(fn)) return 0;
  if (fn == S->native_error) return 0; /* its message would say where the body is */
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_body);
  return 1;
}

static int yield_one(lua_State *L) {
  lua_pushboolean(L, 1);
  return lua_yield(L, 1);
}

static const char probing[] = "local yield = ... while true do yield() end";

static void make_probe(luv_state *S, lua_State *L) {
  S->probe = lua_newthread(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, S->ref_probe);
  if (luaL_loadbuffer(S->probe, probing, sizeof probing - 1, "=luv")) luaL_error(L, "luv: no probe");
  lua_pushcfunction(S->probe, yield_one);
  lua_resume(S->probe, 1);
}

/* LuaJIT notes which Lua thread runs, for compiled code to find when it leaves a trace.
 * Releases before October 2023 do not set the note right when a C function has run
 * other threads and then raises: a crash, some time later. Any call on L sets it. So this
 * comes between running others and whatever may raise. */
void luv__regain(luv_state *S, lua_State *L) {
  if (!S->jit || !lua_checkstack(L, 1)) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_nothing);
  lua_call(L, 0, 0);
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

/* Whether L is in a finaliser or a hook, on LuaJIT. */
int luv__in_hook(luv_state *S, lua_State *L) {
  int refused;
  lua_settop(S->probe, 0);
  refused = lua_resume(S->probe, 0) != LUA_YIELD || lua_gettop(S->probe) != 1;
  luv__regain(S, L);
  if (!refused) return 0;
  make_probe(S, L);
  luv__regain(S, L);
  return 1;
}

/* Raises where that is so: nothing can wait there. */
void luv__check_hook(luv_state *S, lua_State *L) {
  if (S->jit && luv__in_hook(S, L)) luv__error(S, L, "cannot wait in a finalizer or a debug hook");
}

/* Makes all of them; called while the state is set up. */
void luv__wrapper_open(luv_state *S, lua_State *L) {
  ref_body(S, L);
  lua_getglobal(L, "error");
  S->native_error = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  lua_pushboolean(L, 0);
  S->ref_probe = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushcfunction(L, nothing);
  S->ref_nothing = luaL_ref(L, LUA_REGISTRYINDEX);
  if (S->jit) make_probe(S, L);
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
  "local create, failed, wait, leave, pcall, xpcall, cancelled, traceback = ...\n"
  "local type, error, unpack, select = type, error, unpack, select\n"
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
  "  return finish(s, xpcall(fn, handler, s, ...))\n"
  "end, watch";

static void push_module_fn(luv_state *S, lua_State *L, lua_CFunction fn, const char *native) {
  if (!S->jit) {
    luv__push_face(S, L, fn, 0);
    return;
  }
  lua_getglobal(L, native);
}

static void make_scope(luv_state *S, lua_State *L) {
  lua_pop(L, 1);
  if (luaL_loadbuffer(L, scope, sizeof scope - 1, "=luv")) lua_error(L);
  luv__push_face(S, L, luv__scope_create, LUV_CLASS_SCOPE);
  luv__push_face(S, L, luv__scope_failed, LUV_CLASS_SCOPE);
  luv__push_face(S, L, luv__scope_wait, LUV_CLASS_SCOPE);
  luv__push_face(S, L, luv__scope_leave, LUV_CLASS_SCOPE);
  push_module_fn(S, L, luv_pcall, "pcall");
  push_module_fn(S, L, luv_xpcall, "xpcall");
  luv__push_face(S, L, luv_cancelled, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_traceback);
  lua_call(L, 8, 2);
  S->ref_watch = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void wrap_with(luv_state *S, lua_State *L) {
  if (luaL_loadbuffer(L, glue, sizeof glue - 1, "=luv")) lua_error(L);
  lua_insert(L, -2);
  luv__push_face(S, L, luv_mutex_lock, LUV_CLASS_MUTEX);
  lua_insert(L, -2);
  lua_call(L, 2, 1);
}

/* A face, as Lua is to call it. */
void luv__push_face(luv_state *S, lua_State *L, lua_CFunction fn, int class_id) {
  lua_pushlightuserdata(L, S);
  lua_pushinteger(L, class_id);
  lua_pushcclosure(L, fn, 2);
  if (luv__can_wait(fn)) luv__wrap_suspending(S, L);
}

/* Puts an iterator in the place of the object on top: fn, whose upvalue 2 is the object. */
void luv__push_iterator(luv_state *S, lua_State *W, lua_CFunction fn) {
  lua_pushlightuserdata(W, S);
  lua_insert(W, -2);
  lua_pushcclosure(W, fn, 2);
  luv__wrap_suspending(S, W);
}

void luv__wrap_suspending(luv_state *S, lua_State *L) {
  lua_CFunction fn = lua_tocfunction(L, -1);
  if (S->jit) luv__wrap(S, L, fn);
  if (fn == luv_mutex_with) wrap_with(S, L);
  if (fn == luv_scope) make_scope(S, L);
  if (fn == luv_process_run) luv__wrap_run(S, L);
}
