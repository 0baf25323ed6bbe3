/* std.c - luv's own small functions: time, run, yield, what fibers there are. */
#include "luv.h"

/* ns = luv.hrtime() */
int luv_hrtime(lua_State *L) {
  lua_pushnumber(L, (lua_Number)uv_hrtime());
  return 1;
}

/* seconds, microseconds = luv.os.gettimeofday() */
int luv_os_gettimeofday(lua_State *L) {
  uv_timeval64_t t;
  int err = uv_gettimeofday(&t);
  if (err) return luv__fail(L, err);
  lua_pushnumber(L, (lua_Number)t.tv_sec);
  lua_pushnumber(L, (lua_Number)t.tv_usec);
  return 2;
}

/* ms = luv.now(): the loop's time, as of the last poll */
int luv_now(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_pushnumber(L, (lua_Number)uv_now(S->loop));
  return 1;
}

/* luv.self(): the running fiber, or the thread object in the main chunk */
int luv_self(lua_State *L) {
  luv_state *S = luv_enter(L);
  if (luv_current(S)) {
    luv__push_fiber(S, L, luv_current(S));
    return 1;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_thread);
  return 1;
}

/* The main chunk lets the others go once: it takes its place in the ready queue. */
static int yield_main(luv_state *S, lua_State *L) {
  int err;
  luv__check_place(S, L);
  S->main.in = S->main.base = L;
  S->main.wait.op = &luv__op_run;
  S->run_mode = LUV_RUN_DEFAULT;
  S->main.status = LUV_WAITING;
  S->main.wait.due.at = 0;
  S->main.nargs = 0;
  if (luv__ready_reserve(S, S->nfibers)) return luaL_error(L, "not enough memory");
  luv__ready_push(S, &S->main);
  err = luv__run_main(S, L);
  if (S->main.out != LUV_OUT_STACK || err) luv__ready_remove(S, &S->main);
  if (err || S->main.out != LUV_OUT_STACK) {
    if (!err) luv__outcome(S, &S->main, L, L);
    return lua_error(L);
  }
  return 0;
}

/* In the main chunk; below C in a fiber; in a coroutine, which passes its values on. */
static __attribute__((noinline)) int yield_elsewhere(lua_State *L) {
  luv_state *S = luv_enter(L);
  int is_main = lua_pushthread(L);
  lua_pop(L, 1);
  if (is_main && S->depth == 0 && !S->current) return yield_main(S, L);
  if (!S->current || S->current->base != L || S->current->is_main) return lua_yield(L, lua_gettop(L));
  luv__yield_below(S, L);
  return 0;
}

/* luv.fiber.yield(...): to the back of the ready queue */
LUV_HOT int luv_fiber_yield(lua_State *L) {
  luv_state *S = luv__running;
  luv_fiber *f = S ? S->current : NULL;
  if (LUV_LIKELY(f && f->base == L && luv__yieldable(L))) return lua_yield(L, 0);
  return yield_elsewhere(L);
}

static int run(luv_state *S, lua_State *L, int mode) {
  if (S->depth) return luv__error(S, L, "run: the loop is already running");
  S->run_mode = mode;
  luv__suspend(S, L, &luv__op_run, NULL, 0, LUV_NO_TIMEOUT);
  S->run_mode = LUV_RUN_DEFAULT;
  lua_pushboolean(L, S->external > 0 || !luv_ready_empty(S));
  return 1;
}

/* more = luv.run([mode]): until nothing is left, or "once", or "nowait" */
int luv_run(lua_State *L) {
  luv_state *S = luv_enter(L);
  const char *mode = lua_isnoneornil(L, 1) ? "default" : lua_tostring(L, 1);
  if (mode && strcmp(mode, "default") == 0) return run(S, L, LUV_RUN_DEFAULT);
  if (mode && strcmp(mode, "once") == 0) return run(S, L, LUV_RUN_ONCE);
  if (mode && strcmp(mode, "nowait") == 0) return run(S, L, LUV_RUN_NOWAIT);
  return luv__arg_error(S, L, 1, "run", "\"default\", \"once\" or \"nowait\" expected");
}

/* luv.fiber.loop(): the seed's era's luv.run() */
int luv_fiber_loop(lua_State *L) { return run(luv_enter(L), L, LUV_RUN_DEFAULT); }

/* old = luv.on_error(fn or nil): called as fn(err, traceback, fiber) */
int luv_on_error(lua_State *L) {
  luv_state *S = luv_enter(L);
  if (!lua_isnoneornil(L, 1) && !lua_isfunction(L, 1))
    return luv__type_error(S, L, 1, 1, "on_error", "function or nil");
  lua_settop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_on_error);
  if (!lua_isfunction(L, -1)) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  lua_pushvalue(L, 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
  } else { /* it takes over what has not been joined, too */
    S->untaken = 0;
  }
  lua_rawseti(L, LUA_REGISTRYINDEX, S->ref_on_error);
  return 1;
}

/* luv = luv.install([{socket = true, ssl = true}]): a wait works anywhere, so there is nothing to
 * install but what is asked for by name */
int luv_install(lua_State *L) {
  luv_state *S = luv_enter(L);
  if (lua_isnoneornil(L, 1)) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_module);
    return 1;
  }
  if (!lua_istable(L, 1)) luv__arg_error(S, L, 1, "install", "table expected");
  luv__push_embedded(L, "install");
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

/* ---- fibers, as a script looks at them -------------------------------------------------- */

static const char *const states[] = {"new", "ready", "waiting", "dead"};

int luv_fiber_status(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f = luv__tofiber(S, L, "status");
  lua_pushstring(L, f == luv_current(S) ? "running" : states[f->status]);
  return 1;
}

int luv_fiber_id(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_pushnumber(L, luv__tofiber(S, L, "id")->id);
  return 1;
}

/* name = fiber:name(); fiber = fiber:name(s) */
int luv_fiber_name(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f = luv__tofiber(S, L, "name");
  if (lua_isnoneornil(L, 2)) {
    if (!luv__fiber_push_name(S, L, 1, f)) lua_pushfstring(L, "fiber %d", (int)f->id);
    return 1;
  }
  if (lua_type(L, 2) != LUA_TSTRING) return luv__type_error(S, L, 2, 1, "name", "string");
  luv__fiber_set_name(S, L, f);
  return 1;
}

/* what, seconds = fiber:waiting(): nil when it does not wait */
int luv_fiber_waiting(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f = luv__tofiber(S, L, "waiting");
  if (f->status != LUV_WAITING) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushstring(L, f->wait.op->name);
  lua_pushnumber(L, (lua_Number)(uv_hrtime() - f->wait.since) / 1e9);
  return 2;
}

/* text = fiber:traceback([message]) */
int luv_fiber_traceback(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f = luv__tofiber(S, L, "traceback");
  luv__traceback(S, f, L, luaL_optstring(L, 2, NULL));
  return 1;
}

/* fiber.locals, and the methods (upvalue 2) */
int luv_fiber_index(lua_State *L) {
  luv_state *S = luv_upstate(L);
  const char *key = lua_tostring(L, 2);
  if (key && strcmp(key, "locals") == 0)
    return luv__fiber_locals(S, L, luv__tofiber(S, L, "locals"));
  lua_settop(L, 2);
  lua_rawget(L, lua_upvalueindex(2));
  return 1;
}

static void index_fiber(luv_state *S, lua_State *L) { luv__index_by(S, L, luv_fiber_index); }

luv_class luv__class_fiber = {.name = "luv.fiber", .flags = LUV_CLASS_BARE, .index = index_fiber};

/* list = luv.fiber.list(): the living, in no order */
int luv_fiber_list(lua_State *L) {
  luv_state *S = luv_enter(L);
  uint32_t slot;
  int n = 0;
  lua_newtable(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_anchors);
  for (slot = 1; slot <= S->top_slot; slot++) {
    lua_rawgeti(L, -1, (int)(2 * slot));
    if (lua_isuserdata(L, -1)) lua_rawseti(L, -3, ++n);
    else lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return 1;
}
