/* coroutine.c - luv.coroutine: Lua's coroutines, in which a fiber can wait.
 *
 * The coroutine is an ordinary Lua thread; resume pushes it as a frame. So a call in
 * it that waits suspends the whole fiber, and its yield goes to whoever resumed it.
 * create on LuaJIT, and yield everywhere, are the native functions. */
#include "frame.h"

static luv_frame *frame_of(luv_chain *c, lua_State *co) {
  luv_frame *f = c ? c->top : NULL;
  for (; f; f = f->parent)
    if (f->L == co) return f;
  return NULL;
}

/* The thread that a script sees as the running coroutine: not a pcall's. */
static lua_State *running(luv_state *S, lua_State *L) {
  luv_frame *f;
  if (!S->chain || S->chain->L != L) return L;
  for (f = S->chain->top; f; f = f->parent)
    if (f->kind == LUV_FRAME_RESUME || f->kind == LUV_FRAME_WRAP) return f->L;
  return S->chain->fiber ? S->chain->fiber->base : L;
}

static int is_waiting(lua_State *co) {
  return lua_gettop(co) > 0 && lua_touserdata(co, -1) == &luv__suspended;
}

static const char *status(luv_state *S, lua_State *L, lua_State *co) {
  lua_Debug ar;
  if (co == L || co == running(S, L)) return "running";
  if (frame_of(S->chain, co)) return "normal";
  switch (lua_status(co)) {
    case LUA_YIELD: return is_waiting(co) ? "normal" : "suspended";
    case 0:
      if (lua_getstack(co, 0, &ar) > 0) return "normal";
      return lua_gettop(co) == 0 ? "dead" : "suspended";
    default: return "dead";
  }
}

/* Takes the arguments from L to the thread that is to go on with them. */
static int attach(lua_State *L, luv_frame *fr, luv_frame **inner, int nargs) {
  lua_State *to = fr->L;
  luv_frame *f;
  *inner = luv__frame_detached(fr->L);
  if (*inner) {
    lua_pop(fr->L, 2);
    for (f = *inner; f->parent; f = f->parent) {}
    f->parent = fr;
    to = (*inner)->L;
  }
  if (!luv__room(to, nargs)) luaL_error(L, "too many arguments to resume");
  lua_xmove(L, to, nargs);
  if (lua_status(to) == 0) return lua_gettop(to) - 1; /* `body` takes one more */
  return nargs;
}

static int resume(luv_state *S, lua_State *L, lua_State *co, int kind, int nargs) {
  luv_chain local = {L, NULL, NULL}, *c = S->chain;
  luv_frame fr = {0}, *inner;
  fr.L = co;
  fr.kind = (uint8_t)kind;
  fr.local = 1;
  luv__frame_depth(S, L, &fr);
  nargs = attach(L, &fr, &inner, nargs);
  if (!c || c->L != L) c = &local; /* resumed by code that luv does not run */
  return luv__frame_run(S, L, c, &fr, inner, nargs);
}

static lua_State *check_coroutine(luv_state *S, lua_State *L, const char *fname) {
  lua_State *co = lua_tothread(L, 1);
  if (!co) luv__arg_error(S, L, 1, fname, "coroutine expected");
  return co;
}

/* Pushes a thread that is to run the function at 1. */
static void new_thread(luv_state *S, lua_State *L) {
  lua_State *co = lua_newthread(L);
  int extra = luv__push_body(S, L, 1, 0);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1 + extra);
}

/* co = luv.coroutine.create(fn) */
int luv_co_create(lua_State *L) {
  luv_state *S = luv_enter(L);
  if (!lua_isfunction(L, 1)) return luv__type_error(S, L, 1, 1, "create", "function");
  new_thread(S, L);
  return 1;
}

/* LuaJIT knows no "normal" in this message. */
static const char *refused(luv_state *S, const char *st) {
  return S->jit && strcmp(st, "normal") == 0 ? "running" : st;
}

/* ok, ... = luv.coroutine.resume(co, ...) */
int luv_co_resume(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_State *co = check_coroutine(S, L, "resume");
  const char *st = status(S, L, co);
  if (strcmp(st, "suspended") != 0) {
    lua_pushboolean(L, 0);
    lua_pushfstring(L, "cannot resume %s coroutine", refused(S, st));
    return 2;
  }
  return resume(S, L, co, LUV_FRAME_RESUME, lua_gettop(L) - 1);
}

int luv__call_wrapped(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_State *co = lua_tothread(L, lua_upvalueindex(2));
  const char *st = status(S, L, co);
  if (strcmp(st, "suspended") != 0)
    return luv__error(S, L, "cannot resume %s coroutine", refused(S, st));
  return resume(S, L, co, LUV_FRAME_WRAP, lua_gettop(L));
}

/* f = luv.coroutine.wrap(fn) */
int luv_co_wrap(lua_State *L) {
  luv_state *S = luv_enter(L);
  if (!lua_isfunction(L, 1)) return luv__type_error(S, L, 1, 1, "wrap", "function");
  lua_pushvalue(L, lua_upvalueindex(1));
  new_thread(S, L);
  lua_pushcclosure(L, luv__call_wrapped, 2);
  luv__wrap_suspending(S, L);
  return 1;
}

/* co = luv.coroutine.running(): nil in the main chunk */
int luv_co_running(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_State *co = running(S, L);
  if (lua_pushthread(co)) lua_pushnil(co); /* the state's main thread */
  if (co != L) lua_xmove(co, L, 1);
  return 1;
}

/* ... = luv.coroutine.yield(...), for a script that has taken the native one away */
int luv_co_yield(lua_State *L) { return lua_yield(L, lua_gettop(L)); }

/* s = luv.coroutine.status(co) */
int luv_co_status(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_pushstring(L, status(S, L, check_coroutine(S, L, "status")));
  return 1;
}
