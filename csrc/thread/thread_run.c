/* thread_run.c - what an OS thread of luv's does: a state, its function, the end.
 *
 * The state is made by Go, through golua, and closed before the thread can be joined: so
 * whatever it had open is closed by then. */
#define _GNU_SOURCE
#include <stdio.h>
#include "thread.h"

__thread luv_thread *luv__this_thread __attribute__((tls_model("initial-exec")));
int luv__threads_ending;


static int set_up(lua_State *L) {
  luv__package_set(L, ((luv_thread *)lua_touserdata(L, 1))->package);
  return 0;
}

/* The luv of L's state, opened if it is not open: that takes longer than all else that a
 * thread needs, so it waits until it is needed. May raise. */
luv_state *luv__thread_state(lua_State *L) {
  luv_state *S = luv__state(L);
  if (S && S->ref_module) return S;
  lua_pushcfunction(L, luaopen_luv);
  lua_call(L, 0, 0);
  return luv__state(L);
}

static int with_luv(lua_State *L) {
  luv_thread *t = lua_touserdata(L, 1);
  luv__thread_state(L);
  return t->body(L);
}

/* The name may change at any time. Not first of all: the maker still has the lock then. */
static void show_name(luv_thread *t) {
  pthread_mutex_lock(&t->task.core.lock);
  pthread_setname_np(pthread_self(), t->name);
  pthread_mutex_unlock(&t->task.core.lock);
}

/* Called by Go, with a new state. */
void luv__thread_main(luv_thread *t, lua_State *L) {
  show_name(t);
  t->globals = lua_topointer(L, LUA_REGISTRYINDEX);
  t->ended = LUV_TASK_FAILED;
  t->task.problem = "not enough memory";
  if (lua_cpcall(L, set_up, t) == 0) {
    if (!t->body) t->ended = luv__task_run(L, &t->task);
    else if (lua_cpcall(L, with_luv, t) == 0) t->ended = LUV_TASK_DONE;
    else t->task.problem = luv__task_problem(L);
  }
}

/* Go could make no state. */
void luv__thread_refused(luv_thread *t) {
  t->ended = LUV_TASK_FAILED;
  t->task.problem = "not enough memory";
}

static void body(void *arg) {
  luv_thread *t = arg;
  luv__this_thread = t;
  luv__thread_number(t, 0);
  luv__thread_hear();
  luv__go_thread(t);
  if (t->body) luv__thread_pool_left(t->body_core, t->ended == LUV_TASK_DONE ? NULL : t->task.problem);
  luv__this_thread = NULL;
  luv__thread_number(t, 1);
  __atomic_add_fetch(&luv__threads_ending, 1, __ATOMIC_SEQ_CST);
  luv__thread_gone(t);
  luv__task_end(&t->task, t->ended);
  __atomic_sub_fetch(&luv__threads_ending, 1, __ATOMIC_SEQ_CST);
  luv__core_drop(&t->task.core);
}

/* Locked, so that nobody who finds it in the list sees it without tid, and it does not end
 * before it is there. */
int luv__thread_start(luv_thread *t) {
  int err;
  luv__core_hold(&t->task.core);
  pthread_mutex_lock(&t->task.core.lock);
  err = uv_thread_create(&t->tid, body, t);
  if (!err) luv__thread_come(t);
  pthread_mutex_unlock(&t->task.core.lock);
  if (err) luv__core_drop(&t->task.core);
  return err;
}
