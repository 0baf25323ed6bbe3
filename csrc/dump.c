/* dump.c - luv.dump, SIGQUIT and luv.watchdog: who does what, and who waits for what.
 *
 * A dump is written by the thread whose fibers it shows, between two instructions of Lua.
 * SIGQUIT asks for one in two ways: through the loop's async handle, for a thread that is
 * blocked in its loop, and through a hook, for one that runs Lua code. (Code that LuaJIT
 * has compiled looks at no hook until it leaves its loop.) A host that handles SIGQUIT
 * itself keeps its handler.
 *
 * The watchdog is one thread per process. It looks whether the turn that was running when it
 * last looked still runs, so a switch costs nothing; the thread in question is asked to
 * write its traceback by the same hook. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "sync.h"

#define MAX_STATES 256
#define MAX_SHOWN 100000

static luv_state *volatile states[MAX_STATES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int handled; /* SIGQUIT is ours */

/* ---- one fiber ------------------------------------------------------------------------ */

static const char *state_of(luv_state *S, luv_fiber *f) {
  static const char *const names[] = {"new", "ready", "waiting", "dead"};
  return f == luv_current(S) ? "running" : names[f->status];
}

/* wait.on is what its operation makes of it: an object only if the state knows it as one. */
static luv_object *object_of(luv_fiber *f) {
  luv_queue *q, *objects = &f->state->objects;
  for (q = objects->next; q != objects; q = q->next)
    if (luv_container(q, luv_object, link) == f->wait.on) return f->wait.on;
  return NULL;
}

/* " of 127.0.0.1:80": the peer of a socket, or what it listens on. */
static void write_address(luv_object *o, FILE *out) {
  struct sockaddr_storage a;
  int port, n = sizeof a;
  char host[64] = "";
  uv_tcp_t *t;
  if (o->class_id != LUV_CLASS_TCP) return;
  t = (uv_tcp_t *)luv__handle(o);
  if (uv_tcp_getpeername(t, (struct sockaddr *)&a, &n) != 0) {
    n = sizeof a;
    if (uv_tcp_getsockname(t, (struct sockaddr *)&a, &n) != 0) return;
  }
  if (a.ss_family == AF_INET) uv_ip4_name((struct sockaddr_in *)&a, host, sizeof host);
  else uv_ip6_name((struct sockaddr_in6 *)&a, host, sizeof host);
  port = ntohs(((struct sockaddr_in *)&a)->sin_port); /* at the same place in both */
  fprintf(out, " (%s port %d)", host, port);
}

static void write_wait(luv_fiber *f, FILE *out) {
  luv_object *o = object_of(f);
  if (f->status != LUV_WAITING) return;
  fprintf(out, " for %.3f s, for %s", (double)(uv_hrtime() - f->wait.since) / 1e9, luv__ops[f->wait.op].name);
  if (f->wait.op == LUV_OP_JOIN) fprintf(out, " of fiber %u", ((luv_fiber *)f->wait.on)->id);
  if (!o) return;
  fprintf(out, " on %s %p", luv__class_name(o->class_id), (void *)o->box);
  write_address(o, out);
  if (o->class_id == LUV_CLASS_MUTEX && ((luv_mutex *)o)->owner) {
    luv_fiber *owner = ((luv_mutex *)o)->owner;
    if (owner->is_main) fputs(", locked by the main chunk", out);
    else fprintf(out, ", locked by fiber %u", owner->id);
  }
}

/* The fiber whose userdata is on top of W. */
static void write_fiber(luv_state *S, lua_State *W, luv_fiber *f, FILE *out) {
  const char *name = luv__fiber_push_name(S, W, lua_gettop(W), f);
  fprintf(out, "fiber %u", f->id);
  if (name) fprintf(out, " '%s'", name);
  if (name) lua_pop(W, 1);
  fprintf(out, ", %.3f s old: %s", (double)(uv_hrtime() - f->born) / 1e9, state_of(S, f));
  write_wait(f, out);
  luv__traceback(S, f, W, NULL);
  fprintf(out, "%s\n\n", lua_tostring(W, -1));
  lua_pop(W, 1);
}

static void write_main(luv_state *S, lua_State *W, FILE *out) {
  fputs(luv_current(S) || S->main.status == LUV_WAITING ? "main chunk: waiting" : "main chunk: running", out);
  if (S->main.status == LUV_WAITING) write_wait(&S->main, out);
  luv__traceback_of(S, S->main.chain.L, W);
  fprintf(out, "%s\n\n", lua_tostring(W, -1));
  lua_pop(W, 1);
}

static void write_all(luv_state *S, lua_State *W, FILE *out) {
  uint32_t slot, shown = 0;
  luaL_checkstack(W, LUA_MINSTACK, "luv");
  fprintf(out, "luv: %u fibers, %d in a wait that something outside can end\n\n", S->nfibers, S->external);
  write_main(S, W, out);
  lua_rawgeti(W, LUA_REGISTRYINDEX, S->ref_anchors);
  for (slot = 1; slot <= S->top_slot && shown < MAX_SHOWN; slot++) {
    luv_fiber *f;
    lua_rawgeti(W, -1, (int)(2 * slot));
    f = lua_touserdata(W, -1);
    if (f) write_fiber(S, W, f, out), shown++;
    lua_pop(W, 1);
  }
  lua_pop(W, 1);
  if (shown < S->nfibers) fprintf(out, "and %u more\n", S->nfibers - shown);
}

/* ---- luv.dump --------------------------------------------------------------------------- */

typedef struct { luv_state *S; FILE *out; } job;

static int dump_job(lua_State *W) {
  job *j = lua_touserdata(W, 1);
  write_all(j->S, W, j->out);
  return 0;
}

/* What it writes is not Lua's memory: an error on the way must not lose it. */
static int dump_to(luv_state *S, lua_State *L, FILE *out) {
  job j = {S, out};
  return lua_cpcall(L, dump_job, &j);
}

static int dump_text(luv_state *S, lua_State *L) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  int err;
  if (!out) return luaL_error(L, "not enough memory");
  err = dump_to(S, L, out);
  fclose(out);
  if (!err) lua_pushlstring(L, text, n);
  free(text);
  return err ? lua_error(L) : 1;
}

/* text = luv.dump(); true = luv.dump(path) */
int luv_dump(lua_State *L) {
  luv_state *S = luv_enter(L);
  FILE *out;
  int err;
  if (lua_isnoneornil(L, 1)) return dump_text(S, L);
  if (lua_type(L, 1) != LUA_TSTRING) return luv__type_error(S, L, 1, 1, "dump", "string");
  out = fopen(lua_tostring(L, 1), "we");
  if (!out) return luv__fail(L, uv_translate_sys_error(errno));
  err = dump_to(S, L, out);
  if (fclose(out) && !err) return luv__fail(L, uv_translate_sys_error(errno));
  if (err) return lua_error(L);
  lua_pushboolean(L, 1);
  return 1;
}

/* Writes what was asked for by a signal or the watchdog. */
void luv__dump_asked(luv_state *S, lua_State *W) {
  int wanted = S->dump_wanted;
  S->dump_wanted = 0;
  if (!(wanted & LUV_DUMP_ALL)) return;
  fflush(stdout);
  if (dump_to(S, W, stderr)) lua_pop(W, 1);
  fflush(stderr);
}

/* ---- slices that took long ---------------------------------------------------------------- */

static int hog_job(lua_State *W) {
  luv_state *S = lua_touserdata(W, 1);
  luv_fiber *f = luv_current(S);
  double ms = (double)(uv_hrtime() - S->hog_since) / 1e6;
  int n;
  luaL_checkstack(W, LUA_MINSTACK, "luv");
  if (f) luv__traceback(S, f, W, NULL);
  else luv__traceback_of(S, S->chain ? S->chain->L : S->main.chain.L, W);
  if (f) lua_pushfstring(W, "fiber %d", (int)f->id);
  else lua_pushliteral(W, "the main chunk");
  fflush(stdout);
  fprintf(stderr, "luv: watchdog: %s has kept its thread for %.0f ms%s\n", lua_tostring(W, -1), ms, lua_tostring(W, -2));
  fflush(stderr);
  lua_rawgeti(W, LUA_REGISTRYINDEX, S->ref_slow);
  if (!lua_istable(W, -1)) {
    lua_pop(W, 1);
    lua_newtable(W);
    lua_pushvalue(W, -1);
    lua_rawseti(W, LUA_REGISTRYINDEX, S->ref_slow);
  }
  lua_newtable(W);
  lua_pushvalue(W, -3);
  lua_setfield(W, -2, "who");
  lua_pushnumber(W, ms);
  lua_setfield(W, -2, "ms");
  lua_pushvalue(W, -4);
  lua_setfield(W, -2, "traceback");
  n = (int)lua_objlen(W, -2);
  if (n >= 10) n = (int)(S->hogs % 10); /* the last ten */
  S->hogs++;
  lua_rawseti(W, -2, n + 1);
  return 0;
}

/* On the thread that was asked, at its next instruction of Lua. */
static void on_hook(lua_State *L, lua_Debug *ar) {
  luv_state *S = luv__state(L);
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  if (!S || S->dead) return;
  if (S->dump_wanted & LUV_DUMP_HOG && lua_cpcall(L, hog_job, S)) lua_pop(L, 1);
  luv__dump_asked(S, L);
}

/* ---- SIGQUIT ------------------------------------------------------------------------------ */

static lua_State *running_thread(luv_state *S) {
  luv_chain *c = S->chain;
  if (c) return c->L;
  return S->depth ? NULL : S->main.chain.L; /* in the loop no Lua code runs */
}

static void ask(luv_state *S, int what) {
  lua_State *L = running_thread(S);
  S->dump_wanted |= what;
  if (L && !lua_gethook(L)) lua_sethook(L, on_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
  if (what & LUV_DUMP_ALL) uv_async_send(S->wakeup);
}

static void on_sigquit(int sig) {
  int i;
  (void)sig;
  if (luv__forked) return;
  for (i = 0; i < MAX_STATES; i++)
    if (states[i]) ask(states[i], LUV_DUMP_ALL);
}

static void install(void) {
  struct sigaction now, ours;
  sigaction(SIGQUIT, NULL, &now);
  if (handled || now.sa_handler != SIG_DFL) return;
  memset(&ours, 0, sizeof ours);
  ours.sa_handler = on_sigquit;
  ours.sa_flags = SA_ONSTACK | SA_RESTART;
  sigaction(SIGQUIT, &ours, NULL);
  handled = 1;
}

void luv__dump_watch(luv_state *S) {
  int i;
  pthread_mutex_lock(&lock);
  for (i = 0; i < MAX_STATES && states[i]; i++) {}
  if (i < MAX_STATES) states[i] = S;
  install();
  pthread_mutex_unlock(&lock);
}

void luv__dump_forget(luv_state *S) {
  int i;
  pthread_mutex_lock(&lock);
  for (i = 0; i < MAX_STATES; i++)
    if (states[i] == S) states[i] = NULL;
  pthread_mutex_unlock(&lock);
}

/* ---- the watchdog --------------------------------------------------------------------------- */

/* Which turn is running: another number after each switch and each poll. */
static uint64_t turn_of(luv_state *S) {
  return ((uint64_t)*(volatile uint32_t *)&S->ready.head << 32) ^ *(volatile uint64_t *)&S->polls;
}

static void look_after(luv_state *S) {
  uint64_t now = uv_hrtime(), turn = turn_of(S);
  int runs = *(luv_chain *volatile *)&S->chain != NULL || !S->depth;
  if (!S->watch_ns) return;
  if (!runs || turn != S->watched_turn) {
    S->watched_turn = turn;
    S->hog_since = now;
    S->barked = 0;
    return;
  }
  if (S->barked || now - S->hog_since < S->watch_ns) return;
  S->barked = 1;
  ask(S, LUV_DUMP_HOG);
}

static void *watch(void *unused) {
  struct timespec pause = {0, 1000000};
  (void)unused;
  for (;;) {
    int i;
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&lock);
    for (i = 0; i < MAX_STATES; i++)
      if (states[i]) look_after(states[i]);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

/* Signals are for the threads that run Lua. */
static int start_watching(void) {
  static int started;
  pthread_t t;
  sigset_t all, before;
  int err;
  if (started) return 0;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  err = pthread_create(&t, NULL, watch, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (err) return uv_translate_sys_error(err);
  pthread_detach(t);
  started = 1;
  return 0;
}

/* old = luv.watchdog([ms]): 0 turns it off */
int luv_watchdog(lua_State *L) {
  luv_state *S = luv_enter(L);
  double ms, old = (double)S->watch_ns / 1e6;
  int err;
  if (!lua_isnoneornil(L, 1)) {
    if (lua_type(L, 1) != LUA_TNUMBER) return luv__type_error(S, L, 1, 1, "watchdog", "number");
    ms = lua_tonumber(L, 1);
    if (!(ms >= 0 && ms <= 1e9)) return luv__arg_error(S, L, 1, "watchdog", "0 to 1e9 milliseconds expected");
    if (ms > 0 && (err = start_watching())) return luv__fail(L, err);
    S->hog_since = uv_hrtime();
    S->watch_ns = (uint64_t)(ms * 1e6);
  }
  lua_pushnumber(L, old);
  return 1;
}

/* ---- driven by another loop ------------------------------------------------------------------- */

/* fd = luv.backend_fd(): readable when luv.run("nowait") has something to do */
int luv_backend_fd(lua_State *L) {
  lua_pushinteger(L, uv_backend_fd(luv_enter(L)->loop));
  return 1;
}

/* ms = luv.backend_timeout(): when to call luv.run("nowait") at the latest; -1: no limit */
int luv_backend_timeout(lua_State *L) {
  luv_state *S = luv_enter(L);
  uint64_t first, now;
  if (S->depth == 0) luv__glance(S); /* descriptors that were added since are polled from here on */
  first = luv__due_first(S);
  now = uv_hrtime();
  if (!luv_ready_empty(S) || first <= now || (S->zmq && luv__zmq_pending(S))) lua_pushnumber(L, 0);
  else if (first == LUV_FOREVER) lua_pushnumber(L, uv_backend_timeout(S->loop));
  else lua_pushnumber(L, (lua_Number)((first - now + 999999) / 1000000));
  return 1;
}
