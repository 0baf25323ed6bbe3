/* interrupt.c - Ctrl-C in a script that is blocked in luv.
 *
 * Stock Lua's own handler sets a hook that raises when the main chunk next runs Lua
 * code; a script that is blocked never does. So when the main chunk begins to wait and
 * the host has a handler for SIGINT, ours goes in front. While the loop runs it raises
 * "interrupted!" in the main chunk, and in the fiber that is running. Otherwise it calls the
 * host's. Either way a second Ctrl-C kills, as with stock Lua; but not one that comes before the
 * first had a quarter of a second: supervisors send one to the process and one to its group.
 * A host without a handler is left as it is.
 *
 * The handler runs on an alternate stack, as Go demands (DESIGN rule 10). */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include "luvsignal.h"
#include "pipe.h"

#define MAX_WATCHED 1024
#define GRACE 250000000 /* ns between the first and one that kills */

static luv_state *watched[MAX_WATCHED]; /* atomic: a handler reads them */
static int walking; /* atomic: handlers that do, on whatever thread */
static struct sigaction host;
static uint64_t first; /* when it came */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Stops a running fiber. Not one that had just yielded when the signal came, and that
 * runs again after the main chunk has caught the interrupt. */
static void stop_hook(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  if (luv__running && luv__running->interrupted) luaL_error(L, "interrupted!");
}

static int interrupt(luv_state *S) {
  luv_fiber *f = luv_current(S);
  if (!S->blocked && S->depth == 0) return 0;
  S->interrupted = 1;
  if (f && luv__running == S) luv__hook_at_once(f->base, stop_hook);
  S->nudged = 1; /* the fiber of another thread is that thread's to stop */
  luv__wakeup(S);
  return 1;
}

void luv__interrupt_nudge(luv_state *S) {
  if (S->interrupted) luv__hook_at_once(S->current->base, stop_hook);
}

static int is(const struct sigaction *now, void (*fn)(int, siginfo_t *, void *)) {
  return now->sa_flags & SA_SIGINFO && now->sa_sigaction == fn;
}

static int is_default(const struct sigaction *now) {
  return !(now->sa_flags & SA_SIGINFO) && now->sa_handler == SIG_DFL;
}

static void set(void (*fn)(int, siginfo_t *, void *)) {
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = fn;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigaction(SIGINT, &ours, NULL);
}

/* In place of the default action, after the first. */
static void on_second(int sig, siginfo_t *info, void *context) {
  (void)info;
  (void)context;
  if (uv_hrtime() - first < GRACE) return;
  luv__tty_default(sig);
  raise(sig); /* is delivered when this returns */
}

static void call_host(int sig, siginfo_t *info, void *context) {
  struct sigaction now;
  if (host.sa_flags & SA_SIGINFO) host.sa_sigaction(sig, info, context);
  else host.sa_handler(sig);
  if (sigaction(sig, NULL, &now) == 0 && is_default(&now)) set(on_second); /* that of lua.c has done it */
}

static void on_sigint(int sig, siginfo_t *info, void *context) {
  int i, any = 0;
  first = uv_hrtime();
  __atomic_add_fetch(&walking, 1, __ATOMIC_SEQ_CST);
  for (i = 0; i < MAX_WATCHED; i++) {
    luv_state *S = __atomic_load_n(&watched[i], __ATOMIC_SEQ_CST);
    if (S && interrupt(S)) any = 1;
  }
  __atomic_sub_fetch(&walking, 1, __ATOMIC_SEQ_CST);
  if (any) set(on_second);
  else call_host(sig, info, context);
}

static void install(void) {
  struct sigaction now;
  sigaction(SIGINT, NULL, &now);
  if (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN) return;
  if (is(&now, on_sigint) || is(&now, on_second)) return;
  if (luv__signal_is_ours(&now)) return; /* a watcher's: Ctrl-C is the script's */
  host = now;
  set(on_sigint);
}

/* The main chunk of S begins to wait. */
static void watch(luv_state *S) {
  int i, free_place = -1;
  pthread_mutex_lock(&lock);
  for (i = 0; i < MAX_WATCHED && watched[i] != S; i++)
    if (!watched[i] && free_place < 0) free_place = i;
  if (i == MAX_WATCHED && free_place >= 0) __atomic_store_n(&watched[free_place], S, __ATOMIC_SEQ_CST);
  install();
  pthread_mutex_unlock(&lock);
}

/* The host's handler has set its hook, and restored the default action, while the main chunk
 * was on its way into a wait: the hook would run only after that. */
static int came_before(luv_state *S) {
  struct sigaction now;
  if (LUV_LIKELY(!lua_gethook(S->home)) || S->owned || lua_gethook(S->home) == luv__given.ask_hook) return 0;
  if (lua_gethookmask(S->home) != LUV_HOOK_ANY || lua_gethookcount(S->home) != 1) return 0;
  sigaction(SIGINT, NULL, &now);
  return is_default(&now) || is(&now, on_second);
}

/* From here to luv__interrupt_leave a signal is for S. */
void luv__interrupt_enter(luv_state *S) {
  luv__states_here(S);
  watch(S);
  S->blocked++;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (!came_before(S)) return;
  lua_sethook(S->home, NULL, 0, 0);
  S->interrupted = 1;
}

void luv__interrupt_leave(luv_state *S) { S->blocked--; }

/* The last watcher of SIGINT has gone, and the host's handler is back. */
void luv__interrupt_again(void) {
  int i;
  pthread_mutex_lock(&lock);
  for (i = 0; i < MAX_WATCHED && !watched[i]; i++) {}
  if (i < MAX_WATCHED) install();
  pthread_mutex_unlock(&lock);
}

/* S is closed when this returns: no handler may have it in hand then. */
void luv__interrupt_forget(luv_state *S) {
  int i;
  pthread_mutex_lock(&lock);
  for (i = 0; i < MAX_WATCHED; i++)
    if (watched[i] == S) __atomic_store_n(&watched[i], NULL, __ATOMIC_SEQ_CST);
  pthread_mutex_unlock(&lock);
  while (__atomic_load_n(&walking, __ATOMIC_SEQ_CST)) sched_yield();
}
