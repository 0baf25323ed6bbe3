/* ask.c - asking a state for a dump, from SIGQUIT, the watchdog or another thread.
 *
 * A dump is written by the thread whose fibers it shows, between two instructions of Lua.
 * It is asked in two ways: through the loop's async handle, which wakes a thread that is
 * blocked in its loop, and by a signal of luv's own to the thread, whose handler sets a hook
 * on the Lua code that it finds running. So what a running thread does is read by nobody
 * but itself. (Code that LuaJIT has compiled looks at no hook until it leaves its loop.)
 *
 * Handlers walk the list of states without a lock, and are counted meanwhile: a state that
 * has left the list goes on to close when no handler walks any more.
 *
 * A host that handles SIGQUIT itself keeps its handler. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "dump.h"
#include "quiet.h"

pthread_mutex_t luv__states_lock = PTHREAD_MUTEX_INITIALIZER;
luv_state *luv__states;
static int walking; /* atomic: handlers that do */

/* The kernel gives the number of a thread that has ended to another one, so a state knows its
 * thread by a number that is never given again as well. */
static __thread uint64_t thread_number __attribute__((tls_model("initial-exec"))); /* 0: none yet */

static int is_here(const luv_state *S) { return thread_number && S->thread_number == thread_number; }

static int ask_signal(void) { return SIGRTMAX - 4; }
static pid_t this_tid(void) { return (pid_t)syscall(SYS_gettid); }

/* On the thread that was asked, at its next instruction of Lua. */
void luv__ask_hook(lua_State *L, lua_Debug *ar) {
  luv_state *S = luv__state(L);
  (void)ar;
  if (S && S->ask_displaced == L) luv__hook_put_back(L, S->ask_hook);
  else lua_sethook(L, NULL, 0, 0);
  if (S) S->ask_displaced = NULL;
  if (S && !S->dead) luv__dump_asked(S, L, 1);
}

/* The number n, as text that ends before p. */
static char *digits(char *p, uint64_t n) {
  do *--p = (char)('0' + n % 10);
  while (n /= 10);
  return p;
}

static void say(const char *s, size_t n) {
  luv_quiet q;
  ssize_t done;
  luv__quiet_begin(&q);
  done = write(STDERR_FILENO, s, n);
  luv__quiet_end(&q, done < 0);
}

#define SAY(text) say(text, sizeof text - 1)

static void say_number(uint64_t n) {
  char text[24], *p = digits(text + sizeof text, n);
  say(p, (size_t)(text + sizeof text - p));
}

/* What can be said at once, should the hook be long in coming. */
static void say_busy(luv_state *S) {
  luv_fiber *f = luv_current(S);
  SAY("luv: SIGQUIT: thread ");
  say_number(S->thread_id);
  if (f) SAY(" runs fiber "), say_number(f->id);
  else SAY(" runs its main chunk");
  SAY("; its dump follows when it leaves compiled code\n");
}

/* A hook of the script's is put back afterwards. One of luv's own, which all come with the next
 * instruction, goes first. */
static void displace(luv_state *S, lua_State *L) {
  if (!lua_gethook(L)) S->ask_displaced = NULL;
  else if (lua_gethookcount(L) == 1) return;
  else {
    S->ask_hook = luv__hook_of(L);
    S->ask_displaced = L;
  }
  luv__hook_at_once(L, luv__ask_hook);
}

/* On the thread of S itself. In the loop, no Lua code runs. */
static void set_hook(luv_state *S) {
  lua_State *L = S->current ? S->current->base : S->home;
  S->nudged = 1; /* who is found here may just be ending its turn */
  if (luv__between_turns(S)) return;
  if (S->jit && S->dump_wanted & LUV_DUMP_STDERR) say_busy(S);
  displace(S, L);
}

void luv__ask_nudge(luv_state *S) {
  if (S->dump_wanted) set_hook(S);
}

void luv__ask(luv_state *S, int what) {
  __atomic_or_fetch(&S->dump_wanted, what, __ATOMIC_SEQ_CST);
  luv__wakeup(S);
  if (is_here(S)) set_hook(S);
  else syscall(SYS_tgkill, getpid(), S->tid, ask_signal());
}

static luv_state *next(luv_state *const *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }

/* Calls f(S, n) for each state. */
void luv__states_each(void (*f)(luv_state *S, int n), int n) {
  luv_state *S;
  int saved = errno;
  if (luv__forked) return;
  __atomic_add_fetch(&walking, 1, __ATOMIC_SEQ_CST);
  for (S = next(&luv__states); S; S = next(&S->peer)) f(S, n);
  __atomic_sub_fetch(&walking, 1, __ATOMIC_SEQ_CST);
  errno = saved;
}

static void hook_if_asked(luv_state *S, int n) {
  (void)n;
  if (S->dump_wanted && is_here(S)) set_hook(S);
}

static void on_asked(int sig) {
  (void)sig;
  luv__states_each(hook_if_asked, 0);
}

static void on_sigquit(int sig) {
  (void)sig;
  luv__states_each(luv__ask, LUV_DUMP_STDERR);
}

/* Nobody else's handler is replaced. */
static void handle(int sig, void (*fn)(int)) {
  struct sigaction now;
  sigaction(sig, NULL, &now);
  if (now.sa_handler == SIG_DFL) luv__handle_signal(sig, fn);
}

static void install(void) {
  handle(ask_signal(), on_asked);
  handle(SIGQUIT, on_sigquit);
}

/* S is used on this thread from here on: a host may have moved it. */
void luv__states_here(luv_state *S) {
  static uint64_t last;
  if (LUV_LIKELY(is_here(S))) return;
  if (!thread_number) thread_number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
  __atomic_store_n(&S->tid, this_tid(), __ATOMIC_RELAXED);
  __atomic_store_n(&S->thread_number, thread_number, __ATOMIC_RELAXED);
}

/* Whoever has started us may have it blocked in all threads. */
static void hear(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, ask_signal());
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* S can be asked from here on. */
void luv__states_add(luv_state *S) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  hear();
  luv__states_here(S);
  pthread_mutex_lock(&luv__states_lock);
  S->peer = luv__states;
  __atomic_store_n(&luv__states, S, __ATOMIC_SEQ_CST);
  pthread_mutex_unlock(&luv__states_lock);
}

void luv__states_remove(luv_state *S) {
  luv_state **p;
  pthread_mutex_lock(&luv__states_lock);
  for (p = &luv__states; *p && *p != S; p = &(*p)->peer) {}
  if (*p) __atomic_store_n(p, S->peer, __ATOMIC_SEQ_CST);
  luv__dump_gone(S);
  pthread_mutex_unlock(&luv__states_lock);
  while (__atomic_load_n(&walking, __ATOMIC_SEQ_CST)) sched_yield();
}
