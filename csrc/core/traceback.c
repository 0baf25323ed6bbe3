/* traceback.c - tracebacks through all threads of a fiber, the report of a fiber that
 * died of an error, the report of a deadlock. */
#include <stdio.h>
#include "luv.h"

/* Pushes the traceback of one thread on W, with or without the heading. */
static void one(luv_state *S, lua_State *T, lua_State *W, const char *msg) {
  const char *s, *lines;
  lua_rawgeti(W, LUA_REGISTRYINDEX, S->ref_traceback);
  lua_pushthread(T);
  if (T != W) lua_xmove(T, W, 1);
  lua_pushstring(W, msg ? msg : "");
  if (lua_pcall(W, 2, 1, 0) || !(s = lua_tostring(W, -1))) {
    lua_pop(W, 1); /* a script without the debug library */
    lua_pushstring(W, msg ? msg : "");
    return;
  }
  if (msg) return;
  lines = strstr(s, "stack traceback:");
  lines = lines ? lines + 16 : s;
  lua_pushstring(W, lines);
  lua_remove(W, -2);
}

/* What an error brought along from a fiber that is gone, if the one on top of T is that error. T is as it
 * was before anything is allocated: a finaliser may fail then, and this be done again. */
static void kept(luv_state *S, lua_State *T, lua_State *W) {
  int is;
  lua_rawgeti(T, LUA_REGISTRYINDEX, S->ref_kept_error);
  is = lua_rawequal(T, -1, -2);
  lua_pop(T, 1);
  if (is) lua_rawgeti(W, LUA_REGISTRYINDEX, S->ref_kept);
  else lua_pushliteral(W, "");
  if (!lua_isstring(W, -1)) {
    lua_pop(W, 1);
    lua_pushliteral(W, "");
  }
}

void luv__traceback_of(luv_state *S, lua_State *T, lua_State *W) { one(S, T, W, NULL); }

/* The thread that T is in the midst of resuming, or NULL: the one that it has given to
 * coroutine.resume, which is at 1 there, or the upvalue of a function made by wrap. */
static lua_State *resumed_by(lua_State *T) {
  lua_State *co = NULL;
  lua_Debug ar;
  if (!lua_checkstack(T, 3) || !lua_getstack(T, 0, &ar) || !lua_getinfo(T, "Sf", &ar)) return NULL;
  if (*ar.what == 'C' && lua_getupvalue(T, -1, 1)) {
    co = lua_tothread(T, -1);
    lua_pop(T, 1);
  }
  lua_pop(T, 1);
  if (!co && *ar.what == 'C' && lua_getlocal(T, &ar, 1)) {
    co = lua_tothread(T, -1);
    lua_pop(T, 1);
  }
  return co;
}

/* Pushes those of the threads from T on, which the fiber is in, down to the innermost, which
 * comes first. */
static void nested(luv_state *S, lua_State *T, lua_State *inner, lua_State *W, int depth) {
  lua_State *co = T == inner || depth > 100 ? NULL : resumed_by(T);
  if (co && co != inner) nested(S, co, inner, W, depth + 1);
  else lua_pushliteral(W, "");
  one(S, T, W, NULL);
  lua_concat(W, 2);
}

/* Of the fiber that runs only who asks knows where it is. */
void luv__traceback(luv_state *S, luv_fiber *f, lua_State *W, const char *msg) {
  lua_State *inner = f == luv_current(S) && W != S->M ? W : f->in;
  if (!f->base) {
    lua_pushstring(W, msg ? msg : "");
    return;
  }
  luaL_checkstack(W, LUA_MINSTACK, "luv");
  one(S, inner, W, msg ? msg : "");
  if (inner == f->base) return;
  nested(S, f->base, inner, W, 0);
  lua_concat(W, 2);
}

static int to_text(lua_State *L) {
  if (!luaL_callmeta(L, 1, "__tostring")) lua_pushvalue(L, 1);
  if (!lua_isstring(L, -1)) lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, -1));
  return 1;
}

/* The error on top of the dead fiber's thread as text, on M. Its __tostring may fail. */
static const char *error_text(luv_state *S, luv_fiber *f) {
  lua_State *M = S->M;
  lua_pushcfunction(M, to_text);
  lua_pushvalue(f->base, -1);
  lua_xmove(f->base, M, 1);
  if (lua_pcall(M, 1, 1, 0)) {
    lua_pop(M, 1);
    lua_pushfstring(M, "(error object is a %s value, whose __tostring fails)", luaL_typename(f->base, -1));
  }
  return lua_tostring(M, -1);
}

/* Pushes the whole traceback of a fiber that has just died of an error on M. */
static void push_death(luv_state *S, luv_fiber *f) {
  lua_State *M = S->M;
  const char *msg = error_text(S, f), *tb;
  luv__traceback(S, f, M, msg);
  kept(S, f->base, M);
  tb = lua_tostring(M, -1);
  if (*tb) lua_pushfstring(M, "\nthe error came from:%s", tb);
  else lua_pushvalue(M, -1);
  lua_remove(M, -2);
  lua_concat(M, 2);
}

/* Nobody has been told of the error, so far. */
static void count_untaken(luv_state *S, luv_fiber *f) {
  f->flags |= LUV_F_UNTAKEN;
  S->untaken++;
}

static void to_stderr(luv_state *S, luv_fiber *f) {
  lua_State *M = S->M;
  int text = lua_gettop(M);
  luv__push_fiber(S, M, f);
  if (!luv__fiber_push_name(S, M, text + 1, f)) lua_pushnumber(M, f->id);
  fflush(stdout);
  fprintf(stderr, "luv: fiber %s died: %s\n", lua_tostring(M, -1), lua_tostring(M, text));
  fflush(stderr);
  count_untaken(S, f);
}

/* The handler runs as a fiber of its own, so it may wait. The traceback is at 3. */
static void to_handler(luv_state *S, luv_fiber *f) {
  lua_State *M = S->M;
  luv_fiber *h;
  lua_rawgeti(M, LUA_REGISTRYINDEX, S->ref_on_error);
  lua_pushvalue(f->base, -1);
  lua_xmove(f->base, M, 1);
  lua_pushvalue(M, 3);
  luv__push_fiber(S, M, f);
  h = luv__fiber_new(S, M, 4);
  h->flags |= LUV_F_HANDLER;
  luv__fiber_ready(S, M, h);
}

/* Whether luv.on_error's function takes over; its own errors it does not get. */
static int has_handler(luv_state *S, luv_fiber *f) {
  int has;
  lua_rawgeti(S->M, LUA_REGISTRYINDEX, S->ref_on_error);
  has = lua_isfunction(S->M, -1) && !(f->flags & LUV_F_HANDLER);
  lua_pop(S->M, 1);
  return has;
}

/* A fiber has died of an error that nobody waits for. */
static int report(lua_State *M) {
  luv_fiber *f = lua_touserdata(M, 1);
  luv_state *S = f->state;
  luaL_checkstack(M, LUA_MINSTACK, "luv");
  push_death(S, f);
  if (has_handler(S, f)) to_handler(S, f);
  else to_stderr(S, f);
  return 0;
}

void luv__report(luv_state *S, luv_fiber *f) {
  if (luv__is_cancelled(S, f->base, -1)) return;
  if (luv__protect_made(S, report, f) == 0) return;
  fprintf(stderr, "luv: fiber %u died, and there was no memory to say of what\n", f->id);
  if (!has_handler(S, f) && !(f->flags & LUV_F_UNTAKEN)) count_untaken(S, f);
}

/* ---- deadlock ------------------------------------------------------------------ */

/* The innermost line of Lua code that thread L is at. */
static int find_line(lua_State *L, lua_Debug *ar) {
  int level;
  for (level = 0; lua_getstack(L, level, ar); level++) {
    lua_getinfo(L, "Sl", ar);
    if (ar->currentline > 0 && strcmp(ar->short_src, "luv") != 0) return 1;
  }
  return 0;
}

/* Pushes what f waits for. */
static void push_wait(luv_state *S, lua_State *W, luv_fiber *f) {
  char *text = NULL;
  size_t n;
  FILE *out = f->wait.op->flags & LUV_OP_REPORTS ? open_memstream(&text, &n) : NULL;
  if (out) {
    f->wait.op->write(S, f, out);
    fclose(out);
  }
  lua_pushfstring(W, "waits for %s%s", f->wait.op->name, text ? text : "");
  free(text);
}

/* Replaces the fiber on top by one line: name, what it waits for, where. */
static void push_line(luv_state *S, lua_State *W, luv_fiber *f) {
  lua_Debug ar;
  const char *name = luv__fiber_push_name(S, W, lua_gettop(W), f);
  if (name) lua_pushfstring(W, " '%s'", name);
  else lua_pushliteral(W, "");
  if (name) lua_remove(W, -2);
  lua_pushfstring(W, "\n\tfiber %d", (int)f->id);
  lua_replace(W, -3);
  lua_pushliteral(W, ": ");
  push_wait(S, W, f);
  if (find_line(f->in, &ar) || (f->in != f->base && find_line(f->base, &ar))) lua_pushfstring(W, " at %s:%d", ar.short_src, ar.currentline);
  else lua_pushliteral(W, "");
  lua_concat(W, 5);
}

void luv__deadlock_report(luv_state *S, lua_State *W) {
  uint32_t slot, shown = 0;
  luv__where(S->main.in, W);
  lua_pushliteral(W, "deadlock: all fibers are asleep\n\tmain chunk: ");
  push_wait(S, W, &S->main);
  lua_concat(W, 3);
  lua_rawgeti(W, LUA_REGISTRYINDEX, S->ref_anchors);
  lua_insert(W, -2);
  for (slot = 1; slot <= S->top_slot && shown < 100; slot++) {
    luv_fiber *f;
    lua_rawgeti(W, -2, (int)(2 * slot));
    f = lua_touserdata(W, -1);
    if (!f || f->status != LUV_WAITING) {
      lua_pop(W, 1);
      continue;
    }
    push_line(S, W, f);
    lua_concat(W, 2);
    shown++;
  }
  if (shown < S->nfibers) {
    lua_pushfstring(W, "\n\tand %d more", (int)(S->nfibers - shown));
    lua_concat(W, 2);
  }
  lua_remove(W, -2);
}
