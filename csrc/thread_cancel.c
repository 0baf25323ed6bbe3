/* thread_cancel.c - thread:cancel(): ends the wait of another thread's main function, or on
 * Lua 5.1 what it computes.
 *
 * The thread is rung, and raises where it waits. Should it compute, a signal makes it set a
 * hook on itself, which raises at the next instruction. LuaJIT's compiled code looks at no
 * hooks: there the next wait raises. */
#include <signal.h>
#include "thread.h"

static int taken(luv_thread *t) { return t && __atomic_exchange_n(&t->cancelled, 0, __ATOMIC_ACQ_REL); }

/* The state has been rung. */
void luv__thread_cancelled(luv_state *S) {
  if (!taken(S->thread)) return;
  if (S->main.status == LUV_WAITING) luv__abandon(S, &S->main, LUV_OUT_CANCEL);
  else S->main.flags |= LUV_F_CANCEL;
}

static void stop_hook(lua_State *L, lua_Debug *ar) {
  luv_thread *t = luv__this_thread;
  luv_state *S;
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  if (!taken(t)) return;
  S = luv__thread_state(L);
  if (luv_current(S) && S->main.status == LUV_WAITING) luv__abandon(S, &S->main, LUV_OUT_CANCEL);
  luv__push_cancelled(S, L, &S->main);
  lua_error(L);
}

/* On the thread itself: what it reads is its own. */
static void on_signal(int sig) {
  luv_thread *t = luv__this_thread;
  luv_state *S = t ? t->S : NULL;
  (void)sig;
  if (!t || !t->L || (S && luv__running == S && !S->chain)) return; /* in the run loop: it has been rung */
  lua_sethook(S && S->chain ? S->chain->L : t->L, stop_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

static void install(void) {
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_handler = on_signal;
  ours.sa_flags = SA_ONSTACK | SA_RESTART;
  sigaction(SIGRTMAX - 3, &ours, NULL);
}

void luv__thread_stop(luv_thread *t) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  pthread_mutex_lock(&t->task.core.lock);
  if (t->task.status == LUV_TASK_RUNNING) {
    __atomic_store_n(&t->cancelled, 1, __ATOMIC_RELEASE);
    if (t->S) luv__ring(t->S);
    if (!luaJIT_setmode && !t->is_main) pthread_kill(t->tid, SIGRTMAX - 3);
  }
  pthread_mutex_unlock(&t->task.core.lock);
}
