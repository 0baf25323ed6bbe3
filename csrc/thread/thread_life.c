/* thread_life.c - threads from the side of the state that made them.
 *
 * A running thread is one of its maker's children, and its object stands in the registry:
 * so it is joined, and its error told, whether a script holds it or not. When the maker's
 * state closes, it waits for those that are not detached. */
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>
#include "thread.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static luv_queue all = {&all, &all};
static uint32_t last_id;

static void free_thread(luv_core *c) {
  luv_thread *t = (luv_thread *)c;
  luv__task_clear(&t->task);
  if (t->body_core) luv__core_drop(t->body_core);
  luv__package_free(t->package);
  free(t);
}

static const luv_core_kind kind = {luv__task_serve, luv__task_ready, luv__thread_served, free_thread};

luv_thread *luv__thread_of(luv_core *c) { return c->kind == &kind ? (luv_thread *)c : NULL; }

luv_thread *luv__thread_new(void) {
  luv_thread *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  luv__core_init(&t->task.core, &kind);
  queue_init(&t->child);
  pthread_mutex_lock(&lock);
  t->id = ++last_id;
  queue_init(&t->all);
  pthread_mutex_unlock(&lock);
  snprintf(t->name, sizeof t->name, "luv-%u", t->id);
  return t;
}

/* The running thread with the lowest id above this one, with a reference; NULL: none. */
luv_thread *luv__thread_after(uint32_t id) {
  luv_thread *best = NULL;
  luv_queue *q;
  pthread_mutex_lock(&lock);
  for (q = all.next; q != &all; q = q->next) {
    luv_thread *t = luv_container(q, luv_thread, all);
    if (t->id > id && (!best || t->id < best->id)) best = t;
  }
  if (best) luv__core_hold(&best->task.core);
  pthread_mutex_unlock(&lock);
  return best;
}

/* It begins to run. */
void luv__thread_come(luv_thread *t) {
  pthread_mutex_lock(&lock);
  queue_push(&all, &t->all);
  __atomic_add_fetch(&luv__own_threads, 1, __ATOMIC_ACQ_REL);
  pthread_mutex_unlock(&lock);
}

/* It runs no more. */
void luv__thread_gone(luv_thread *t) {
  pthread_mutex_lock(&lock);
  queue_remove(&t->all);
  __atomic_sub_fetch(&luv__own_threads, 1, __ATOMIC_ACQ_REL);
  pthread_mutex_unlock(&lock);
}

/* ---- making -------------------------------------------------------------------------------- */

static void anchor(luv_state *S, lua_State *L, luv_link *k, int on) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__threads(S)->ref_children);
  lua_pushlightuserdata(L, k);
  if (on) lua_pushvalue(L, -3);
  else lua_pushnil(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

static void keep(luv_link *k, int on) {
  pthread_mutex_lock(&k->core->lock);
  k->keep = on;
  if (on) luv__link_hang(k, LUV_BELL_GET);
  else luv__link_unhang(k);
  pthread_mutex_unlock(&k->core->lock);
}

static void adopt(luv_state *S, luv_thread *t) {
  luv__core_hold(&t->task.core);
  queue_push(&luv__threads(S)->children, &t->child);
}

static void abandon(luv_thread *t) {
  queue_remove(&t->child);
  luv__core_drop(&t->task.core);
}

/* Starts t, whose one reference is taken over, and pushes its object. */
int luv__thread_spawn(luv_state *S, lua_State *L, luv_thread *t) {
  luv_link *k;
  int err;
  t->package = luv__package_copy(S, L);
  k = luv__link_new(S, luv__class_thread.id, &t->task.core);
  if (!k) return luaL_error(L, "not enough memory");
  luv__push_object(S, L, &k->o);
  anchor(S, L, k, 1);
  keep(k, 1);
  t->made = k;
  adopt(S, t);
  err = luv__thread_start(t);
  if (!err) return 0;
  abandon(t);
  keep(k, 0);
  anchor(S, L, k, 0);
  luv__task_end(&t->task, LUV_TASK_FAILED);
  return err;
}

/* Pushes the object of one of the state's children. */
int luv__thread_push_child(luv_state *S, lua_State *L, luv_thread *t) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__threads(S)->ref_children);
  lua_pushlightuserdata(L, t->made);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  return 1;
}

static int awaited(luv_queue *q) {
  luv_link *k = luv_container(q, luv_thread, child)->made;
  return k && k->wanted;
}

/* A thread that somebody joins has work for the CPU; most often it is the oldest, or the youngest. */
int luv__thread_awaited(luv_state *S) {
  luv_queue *q = &luv__threads(S)->children;
  return !queue_empty(q) && (awaited(q->next) || awaited(q->prev));
}

/* ---- the end --------------------------------------------------------------------------------- */

static void push_trace(lua_State *M, luv_task *t, int value) {
  if (t->traceback) lua_pushstring(M, t->traceback);
  else if (lua_isstring(M, value)) lua_pushvalue(M, value);
  else lua_pushfstring(M, "(error object is a %s value)", luaL_typename(M, value));
}

static void to_handler(luv_state *S, lua_State *M, luv_link *k) {
  luv_fiber *h;
  lua_pushvalue(M, 2);
  lua_pushvalue(M, 3);
  luv__thread_push_child(S, M, (luv_thread *)k->core);
  h = luv__fiber_new(S, M, 4);
  h->flags |= LUV_F_HANDLER;
  luv__fiber_ready(S, M, h);
}

static void to_stderr(luv_thread *t, const char *text) {
  char name[LUV_THREAD_NAME];
  luv__thread_name(t, name);
  fflush(stdout);
  fprintf(stderr, "luv: thread %s died: %s\n", name, text);
  fflush(stderr);
}

/* A thread has died of an error that nobody waits for. */
static int report(lua_State *M) {
  luv_link *k = lua_touserdata(M, 1);
  luv_state *S = k->o.S;
  luv_thread *t = (luv_thread *)k->core;
  luaL_checkstack(M, LUA_MINSTACK, "luv");
  luv__task_push(S, M, &t->task);
  lua_settop(M, 2);
  if (luv__is_cancelled(S, M, 2)) return 0;
  push_trace(M, &t->task, 2);
  lua_rawgeti(M, LUA_REGISTRYINDEX, S->ref_on_error);
  if (lua_isfunction(M, -1)) to_handler(S, M, k);
  else {
    to_stderr(t, lua_tostring(M, 3));
    k->untaken = 1;
    S->untaken++;
  }
  return 0;
}

/* 1: tid is the caller's, to join it or let it go. 0: it has been detached. Others, which
 * have it from the list, may detach it at the same time. */
static int claim(luv_thread *t) {
  int ours;
  pthread_mutex_lock(&t->task.core.lock);
  ours = !t->detached && !t->joined;
  t->joined = 1;
  pthread_mutex_unlock(&t->task.core.lock);
  return ours;
}

/* Called when its maker has served it: has it ended? */
void luv__thread_served(luv_link *k) {
  luv_thread *t = (luv_thread *)k->core;
  luv_state *S = k->o.S;
  if (!k->keep || __atomic_load_n(&t->task.status, __ATOMIC_ACQUIRE) == LUV_TASK_RUNNING) return;
  keep(k, 0);
  if (claim(t)) pthread_detach(t->tid); /* it only has to return from its function */
  if (t->task.status == LUV_TASK_FAILED && !luv__task_taken(&t->task) && luv__protect(S, report, k)) lua_pop(S->M, 1);
  abandon(t);
  anchor(S, S->M, k, 0);
}

/* The same when the state closes, and no Lua code can run any more. */
static int tell(luv_thread *t) {
  luv_task *k = &t->task;
  if (k->status != LUV_TASK_FAILED || luv__task_taken(k) || (!k->traceback && !k->problem)) return 0;
  to_stderr(t, k->traceback ? k->traceback : k->problem);
  return 1;
}

/* After Ctrl-C the threads have a second to end, then they are let go: compiled code of
 * LuaJIT, or C, may never look at what asks it to. */
static void stop_all(luv_state *S, struct timespec *end) {
  luv_queue *q;
  for (q = luv__threads(S)->children.next; q != &luv__threads(S)->children; q = q->next) luv__thread_stop(luv_container(q, luv_thread, child));
  clock_gettime(CLOCK_REALTIME, end);
  end->tv_sec++;
}

static int await(luv_thread *t, const struct timespec *end) {
  if (!claim(t)) return 0;
  if (!end) return uv_thread_join(&t->tid) == 0;
  if (pthread_timedjoin_np(t->tid, NULL, end) == 0) return 1;
  pthread_detach(t->tid);
  return 0;
}

/* The state closes. 1: a thread died of an error that nobody was told. */
int luv__threads_wait(luv_state *S) {
  struct timespec end;
  int failed = 0;
  LUV_EACH_ROOM(alone, S);
  if (S->broken_off) stop_all(S, &end);
  while (!queue_empty(&luv__threads(S)->children)) {
    luv_thread *t = luv_container(luv__threads(S)->children.next, luv_thread, child);
    if (await(t, S->broken_off ? &end : NULL)) failed |= tell(t);
    abandon(t);
  }
  return failed;
}

/* ---- the thread that a state runs on ---------------------------------------------------------- */

/* A host's own thread, or one of ours that opens its state. */
static luv_thread *own(lua_State *L) {
  luv_thread *t = luv__this_thread;
  if (t && !t->S && t->globals == lua_topointer(L, LUA_REGISTRYINDEX)) {
    luv__core_hold(&t->task.core);
    return t;
  }
  t = luv__thread_new();
  if (!t) luaL_error(L, "not enough memory");
  t->is_main = 1;
  luv__thread_number(t, 0);
  strcpy(t->name, "main");
  return t;
}

static const luv_outside outside = {.serve = luv__links_serve, .far = luv__thread_awaited, .lone = luv__thread_chan_lone};

void luv__threads_open(luv_state *S, lua_State *L) {
  luv_thread *t = own(L);
  luv_link *k = luv__link_new(S, luv__class_thread.id, &t->task.core);
  if (!k) luaL_error(L, "not enough memory");
  queue_remove(&k->o.link); /* not one of the script's objects */
  luv__push_object(S, L, &k->o);
  S->ref_thread = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  luv__threads(S)->ref_children = luaL_ref(L, LUA_REGISTRYINDEX);
  luv__threads(S)->thread = t;
  S->thread_id = t->id;
  luv__outside_add(S, &outside);
  luv__core_hold(&t->task.core); /* the object is collected before the state is */
  pthread_mutex_lock(&t->task.core.lock);
  t->S = S;
  S->detached = t->detached && !t->is_main;
  pthread_mutex_unlock(&t->task.core.lock);
}

/* The state closes: nobody rings it any more to cancel its thread. */
void luv__threads_close(luv_state *S) {
  luv_thread *t = luv__threads(S)->thread;
  if (!t) return;
  pthread_mutex_lock(&t->task.core.lock);
  t->S = NULL;
  pthread_mutex_unlock(&t->task.core.lock);
  luv__core_drop(&t->task.core);
  luv__threads(S)->thread = NULL;
}
