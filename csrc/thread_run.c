/* thread_run.c - what an OS thread of luv's does: a state, its function, the end.
 *
 * The state is made by Go, through golua, and closed before the thread can be joined: so
 * whatever it had open is closed by then. */
#define _GNU_SOURCE
#include <stdio.h>
#include "thread.h"

__thread luv_thread *luv__this_thread __attribute__((tls_model("initial-exec")));

extern int luaopen_luv(lua_State *L);

static void set_path(lua_State *L, const char *field, const char *value) {
  if (!value) return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, field);
}

/* The new state looks for modules where its parent does. */
static int set_up(lua_State *L) {
  luv_thread *t = lua_touserdata(L, 1);
  lua_getglobal(L, "package");
  set_path(L, "path", t->path);
  set_path(L, "cpath", t->cpath);
  lua_pop(L, 1);
  lua_pushcfunction(L, luaopen_luv);
  lua_call(L, 0, 0);
  return 0;
}

/* An error that is not the script's: the text on top of L is what join raises. */
static int failed(luv_thread *t, lua_State *L) {
  luv_state *S = luv__state(L);
  if (!S || luv__encode(S, L, lua_gettop(L), 1, LUV_CODEC_TRUSTED, &t->task.out))
    t->task.problem = "the thread's state could not be opened";
  return LUV_TASK_FAILED;
}

/* Called by Go, with a new state. */
void luv__thread_main(luv_thread *t, lua_State *L) {
  t->L = L;
  t->ended = LUV_TASK_DONE;
  if (lua_cpcall(L, set_up, t)) t->ended = failed(t, L);
  else if (!t->body) t->ended = luv__task_run(luv__state(L), L, &t->task);
  else if (lua_cpcall(L, t->body, t)) t->ended = failed(t, L);
}

/* Go could make no state. */
void luv__thread_refused(luv_thread *t) {
  t->ended = LUV_TASK_FAILED;
  t->task.problem = "not enough memory";
}

static void body(void *arg) {
  luv_thread *t = arg;
  luv__this_thread = t;
  pthread_setname_np(pthread_self(), t->name);
  goThread((uintptr_t)t);
  luv__this_thread = NULL;
  luv__thread_gone(t);
  luv__task_end(&t->task, t->ended);
  luv__core_drop(&t->task.core);
}

int luv__thread_start(luv_thread *t) {
  int err;
  luv__core_hold(&t->task.core);
  err = uv_thread_create(&t->tid, body, t);
  if (err) luv__core_drop(&t->task.core);
  return err;
}
