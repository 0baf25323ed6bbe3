/* thread_cancel.c - thread:cancel(): ends the wait of another thread's main function, or on
 * Lua 5.1 what it computes.
 *
 * The thread is rung, and raises where it waits. Should it compute, a signal makes it set a
 * hook on itself, which raises at the next instruction. LuaJIT's compiled code looks at no
 * hooks: there the next wait raises.
 *
 * Only the function that the thread was given can be stopped so, not what luv does before
 * and after it, nor the opening of luv in its midst: that is made up for at its end. */
#include <signal.h>
#include "thread.h"

static int taken(luv_thread *t) { return t && __atomic_exchange_n(&t->cancelled, 0, __ATOMIC_ACQ_REL); }

static void stop_hook(lua_State *L, lua_Debug *ar);

/* The state has been rung. Its main function may be about to compute. */
void luv__thread_cancelled(luv_state *S) {
  luv_thread *t = luv__threads(S)->thread;
  if (!taken(t)) return;
  if (S->main.status == LUV_WAITING) {
    luv__abandon(S, &S->main, LUV_OUT_CANCEL);
    return;
  }
  S->main.flags |= LUV_F_CANCEL;
  if (!luaJIT_setmode && t->L && !t->opening) luv__hook_at_once(t->L, stop_hook);
}

static int is_cancelled(luv_thread *t) { return taken(t) || (t->S && t->S->main.flags & LUV_F_CANCEL); }

static void stop_hook(lua_State *L, lua_Debug *ar) {
  luv_thread *t = luv__this_thread;
  luv_state *S;
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  if (!t || t->opening || !is_cancelled(t)) return;
  S = luv__thread_state(L);
  if (luv_current(S) && S->main.status == LUV_WAITING) luv__abandon(S, &S->main, LUV_OUT_CANCEL);
  luv__push_cancelled(S, L, &S->main);
  lua_error(L);
}

/* On the thread itself: what it reads is its own. In the run loop, it has been rung. */
static void set_hook(luv_thread *t) {
  luv_state *S = t->S;
  if (!t->L || t->opening) return;
  if (S) S->nudged = 1; /* who is found here may just be ending its turn */
  if (S && luv__between_turns(S)) return;
  luv__hook_at_once(S && S->current ? S->current->base : t->L, stop_hook);
}

void luv__thread_nudge(luv_state *S) {
  luv_thread *t = luv__threads(S)->thread;
  if (!luaJIT_setmode && t && t == luv__this_thread && __atomic_load_n(&t->cancelled, __ATOMIC_ACQUIRE)) set_hook(t);
}

static void on_signal(int sig) {
  (void)sig;
  if (luv__this_thread) set_hook(luv__this_thread);
}

/* It may have been cancelled while it could not be stopped. */
static void look_again(luv_thread *t) {
  if (!__atomic_load_n(&t->cancelled, __ATOMIC_ACQUIRE)) return;
  if (t->S) luv__ring(t->S);
  if (!luaJIT_setmode) set_hook(t);
}

/* Whoever has started us may have it blocked in all threads. Ctrl-C is the main thread's. */
void luv__thread_hear(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMAX - 3);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* From here to leave, what L runs may be stopped. */
void luv__thread_enter(lua_State *L) {
  luv_thread *t = luv__this_thread;
  if (!t) return;
  t->L = L;
  look_again(t);
}

void luv__thread_leave(lua_State *L) {
  if (!luv__this_thread) return;
  luv__this_thread->L = NULL;
  if (lua_gethook(L) == stop_hook) lua_sethook(L, NULL, 0, 0);
}

/* luv begins, or has ended, to open in this thread's state. */
void luv__thread_opening(int begins) {
  luv_thread *t = luv__this_thread;
  if (!t) return;
  t->opening = begins;
  if (!begins) look_again(t);
}

static void install(void) { luv__handle_signal(SIGRTMAX - 3, on_signal); }

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
