/* watchdog.c - luv.watchdog: warns of a turn that takes long, with its traceback.
 *
 * One thread per process looks every millisecond whether the turn that was running when it
 * last looked still runs, so a switch costs nothing; the thread in question is asked for its
 * traceback (ask.c). */
#include <signal.h>
#include <time.h>
#include "dump.h"

#define KEPT 10 /* the last turns of luv.stats().slow */

static void push_text(luv_state *S, lua_State *W, luv_fiber *f) {
  if (f) luv__traceback(S, f, W, NULL);
  else luv__traceback_of(S, S->home, W);
  if (f) lua_pushfstring(W, "fiber %d", (int)f->id);
  else lua_pushliteral(W, "the main chunk");
}

static void push_slow(luv_state *S, lua_State *W) {
  lua_rawgeti(W, LUA_REGISTRYINDEX, luv__watch(S)->ref_slow);
  if (lua_istable(W, -1)) return;
  lua_pop(W, 1);
  lua_newtable(W);
  lua_pushvalue(W, -1);
  lua_rawseti(W, LUA_REGISTRYINDEX, luv__watch(S)->ref_slow);
}

/* Keeps traceback and who, the two on top of W. */
static void keep(luv_state *S, lua_State *W, double ms) {
  push_slow(S, W);
  lua_newtable(W);
  lua_pushvalue(W, -3);
  lua_setfield(W, -2, "who");
  lua_pushnumber(W, ms);
  lua_setfield(W, -2, "ms");
  lua_pushvalue(W, -4);
  lua_setfield(W, -2, "traceback");
  lua_rawseti(W, -2, (int)(luv__watch(S)->hogs++ % KEPT) + 1);
}

static int report(lua_State *W) {
  luv_state *S = lua_touserdata(W, 1);
  double ms = (double)(uv_hrtime() - luv__watch(S)->hog_since) / 1e6;
  luaL_checkstack(W, LUA_MINSTACK, "luv");
  push_text(S, W, luv_current(S));
  fflush(stdout);
  fprintf(stderr, "luv: watchdog: %s has kept its thread for %.0f ms%s\n", lua_tostring(W, -1), ms, lua_tostring(W, -2));
  fflush(stderr);
  keep(S, W, ms);
  return 0;
}

void luv__hog_report(luv_state *S, lua_State *W) {
  if (lua_cpcall(W, report, S)) lua_pop(W, 1);
}

/* ---- the thread that looks ------------------------------------------------------------- */

/* Which turn is running: another number after each switch and each poll. */
static uint64_t turn_of(luv_state *S) {
  return ((uint64_t)*(volatile uint32_t *)&S->ready.head << 32) ^ *(volatile uint64_t *)&S->polls;
}

static void look_after(luv_state *S) {
  uint64_t now = uv_hrtime(), turn = turn_of(S);
  int runs = *(luv_fiber *volatile *)&S->current != NULL || !*(volatile int *)&S->depth;
  if (!luv__watch(S)->watch_ns) return;
  if (!runs || turn != luv__watch(S)->watched_turn) {
    luv__watch(S)->watched_turn = turn;
    luv__watch(S)->hog_since = now;
    luv__watch(S)->barked = 0;
    return;
  }
  if (luv__watch(S)->barked || now - luv__watch(S)->hog_since < luv__watch(S)->watch_ns) return;
  luv__watch(S)->barked = 1;
  luv__ask(S, LUV_DUMP_HOG);
}

static void *watch(void *unused) {
  struct timespec pause = {0, 1000000};
  luv_state *S;
  (void)unused;
  for (;;) {
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&luv__states_lock);
    for (S = luv__states; S; S = S->peer) look_after(S);
    pthread_mutex_unlock(&luv__states_lock);
  }
  return NULL;
}

/* Signals are for the threads that run Lua. Locked. */
static int start_watching(void) {
  static int started;
  pthread_t t;
  sigset_t all, before;
  int err;
  if (started) return 0;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  err = luv__thread_make(&t, NULL, watch, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (err) return uv_translate_sys_error(err);
  pthread_detach(t);
  started = 1;
  return 0;
}

static int set(luv_state *S, double ms) {
  int err = 0;
  pthread_mutex_lock(&luv__states_lock);
  if (ms > 0) err = start_watching();
  if (!err) {
    luv__watch(S)->hog_since = uv_hrtime();
    luv__watch(S)->watched_turn = turn_of(S);
    luv__watch(S)->watch_ns = (uint64_t)(ms * 1e6);
  }
  pthread_mutex_unlock(&luv__states_lock);
  return err;
}

/* old = luv.watchdog([ms]): 0 turns it off */
int luv_watchdog(lua_State *L) {
  luv_state *S = luv_enter(L);
  double ms, old = (double)luv__watch(S)->watch_ns / 1e6;
  int err;
  if (!lua_isnoneornil(L, 1)) {
    if (lua_type(L, 1) != LUA_TNUMBER) return luv__type_error(S, L, 1, 1, "watchdog", "number");
    ms = lua_tonumber(L, 1);
    if (!(ms >= 0 && ms <= 1e9)) return luv__arg_error(S, L, 1, "watchdog", "0 to 1e9 milliseconds expected");
    if ((err = set(S, ms))) return luv__fail(L, err);
  }
  lua_pushnumber(L, old);
  return 1;
}
