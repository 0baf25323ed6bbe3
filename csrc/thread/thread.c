/* thread.c - luv.thread: what a script sees of OS threads. */
#define _GNU_SOURCE
#include "thread.h"

/* t = luv.thread.create(fn, ...) */
int luv_thread_create(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_thread *t;
  int err;
  if (!lua_isfunction(L, 1)) return luv__type_error(S, L, 1, 1, "create", "function");
  luaL_checkstack(L, 12, "luv");
  t = luv__thread_new();
  if (!t) return luaL_error(L, "not enough memory");
  if (luv__task_pack(S, L, &t->task, 1, lua_gettop(L))) {
    luv__core_drop(&t->task.core);
    return luv__encode_error(S, L, "pass");
  }
  err = luv__thread_spawn(S, L, t);
  return err ? luv__fail(L, err) : 1;
}

static luv_link *check(luv_state *S, lua_State *L, const char *fname) {
  return luv__self(S, L, luv__class_thread.id, fname); /* a thread's object has no close */
}

static luv_thread *thread_of(luv_link *k) { return (luv_thread *)k->core; }

static int status_of(luv_thread *t) { return __atomic_load_n(&t->task.status, __ATOMIC_ACQUIRE); }

static int push_joined(luv_state *S, luv_link *k, lua_State *W) {
  luv__task_take(&thread_of(k)->task);
  if (k->untaken) S->untaken--;
  k->untaken = 0;
  return luv__task_push(S, W, &thread_of(k)->task);
}

/* ... = t:join([timeout]) */
int luv_thread_join(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = check(S, L, "join");
  double timeout = luv__opt_timeout(S, L, 2, 1, "join");
  int n;
  luv__check_cancel(S, L);
  if (thread_of(k) == luv__threads(S)->thread) return luv__error(S, L, "a thread cannot join itself");
  if (thread_of(k)->is_main) return luv__error(S, L, "a main thread cannot be joined");
  if (status_of(thread_of(k)) == LUV_TASK_RUNNING)
    return luv__suspend(S, L, &luv__op_thread_join, k, 0, timeout);
  n = push_joined(S, k, L);
  return n == LUV_RAISE ? lua_error(L) : n;
}

/* What a join, or a pool's call, has waited for. */
/* What pool:call waits for is a task: it has no name. */
static void write_name(luv_object *o, FILE *out) {
  luv_thread *t = luv__thread_of(((luv_link *)o)->core);
  char name[LUV_THREAD_NAME];
  if (!t) return;
  luv__thread_name(t, name);
  fprintf(out, " '%s'", name);
}

luv_class luv__class_thread = {.name = "luv.thread", .closing = luv__link_closing, .write = write_name};

static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  (void)L;
  return push_joined(S, f->wait.on, W);
}



const luv_op luv__op_thread_join = {.name = "thread join", .flags = LUV_OP_EXTERNAL | LUV_OP_APART, .begin = luv__link_begin,
                                    .abandon = luv__link_abandon, .deliver = deliver};

/* "running" or "dead" = t:status() */
int luv_thread_status(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = check(S, L, "status");
  lua_pushstring(L, status_of(thread_of(k)) == LUV_TASK_RUNNING ? "running" : "dead");
  return 1;
}

/* n = t:id() */
int luv_thread_id(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_pushnumber(L, thread_of(check(S, L, "id"))->id);
  return 1;
}

/* Names a thread that runs, for top -H too, which keeps 15 bytes. */
static void set_name(luv_thread *t, const char *name) {
  pthread_mutex_lock(&t->task.core.lock);
  strncpy(t->name, name, sizeof t->name - 1);
  if (t->task.status == LUV_TASK_RUNNING && !t->is_main) pthread_setname_np(t->tid, t->name);
  pthread_mutex_unlock(&t->task.core.lock);
}

void luv__thread_name(luv_thread *t, char *name) {
  pthread_mutex_lock(&t->task.core.lock);
  memcpy(name, t->name, sizeof t->name);
  pthread_mutex_unlock(&t->task.core.lock);
}

/* name = t:name(); t = t:name(name) */
int luv_thread_name(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_thread *t = thread_of(check(S, L, "name"));
  char name[LUV_THREAD_NAME];
  if (!lua_isnoneornil(L, 2)) {
    if (lua_type(L, 2) != LUA_TSTRING) return luv__type_error(S, L, 2, 1, "name", "string");
    set_name(t, lua_tostring(L, 2));
    lua_settop(L, 1);
    return 1;
  }
  luv__thread_name(t, name);
  lua_pushstring(L, name);
  return 1;
}

/* text = t:traceback(): of the error that it died of */
int luv_thread_traceback(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_thread *t = thread_of(check(S, L, "traceback"));
  lua_pushstring(L, status_of(t) == LUV_TASK_FAILED ? t->task.traceback : NULL);
  return 1;
}

/* t = t:detach(): the end of the process does not wait for it */
int luv_thread_detach(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_thread *t = thread_of(check(S, L, "detach"));
  pthread_mutex_lock(&t->task.core.lock);
  if (!t->detached && !t->joined && !t->is_main) {
    __atomic_store_n(&t->detached, 1, __ATOMIC_RELAXED);
    if (t->S) __atomic_store_n(&t->S->detached, 1, __ATOMIC_RELAXED);
    pthread_detach(t->tid);
  }
  pthread_mutex_unlock(&t->task.core.lock);
  lua_settop(L, 1);
  return 1;
}

/* t = t:cancel() */
int luv_thread_cancel(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv__thread_stop(thread_of(check(S, L, "cancel")));
  lua_settop(L, 1);
  return 1;
}

/* t = luv.thread.self() */
int luv_thread_self(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_thread);
  return 1;
}

/* Pushes the object of t, whose reference is taken over: the one that is there, or anew. */
int luv__thread_push(luv_state *S, lua_State *L, luv_thread *t) {
  luv_queue *q;
  luv_link *k;
  for (q = luv__threads(S)->children.next; q != &luv__threads(S)->children && luv_container(q, luv_thread, child) != t; q = q->next) {}
  if (q != &luv__threads(S)->children || t == luv__threads(S)->thread) {
    luv__core_drop(&t->task.core); /* it is held besides */
    if (t == luv__threads(S)->thread) return luv_thread_self(L);
    return luv__thread_push_child(S, L, t);
  }
  k = luv__link_new(S, luv__class_thread.id, &t->task.core);
  if (!k) return luaL_error(L, "not enough memory");
  luv__push_object(S, L, &k->o);
  return 1;
}

/* {t, ...} = luv.thread.list(): those that luv has made and that run, in all states */
int luv_thread_list(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_thread *t;
  uint32_t id = 0;
  int n = 0;
  lua_settop(L, 0);
  lua_newtable(L);
  while ((t = luv__thread_after(id))) {
    id = t->id;
    luv__thread_push(S, L, t);
    lua_rawseti(L, 1, ++n);
  }
  return 1;
}
