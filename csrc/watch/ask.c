/* ask.c - asking a state for a dump, from SIGQUIT, the watchdog or another thread.
 *
 * A dump is written by the thread whose fibers it shows, between two instructions of Lua.
 * It is asked in two ways: through the loop's async handle, which wakes a thread that is
 * blocked in its loop, and by a signal of luv's own to the thread, whose handler sets a hook
 * on the Lua code that it finds running. So what a running thread does is read by nobody
 * but itself. (Code that LuaJIT has compiled looks at no hook until it leaves its loop.)
 *
 * A host that handles SIGQUIT itself keeps its handler. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "dump.h"
#include "quiet.h"

static int ask_signal(void) { return SIGRTMAX - 4; }

/* On the thread that was asked, at its next instruction of Lua. */
void luv__ask_hook(lua_State *L, lua_Debug *ar) {
  luv_state *S = luv__state(L);
  (void)ar;
  if (S && luv__watch(S)->displaced == L) luv__hook_put_back(L, luv__watch(S)->hook);
  else lua_sethook(L, NULL, 0, 0);
  if (S) luv__watch(S)->displaced = NULL;
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
  if (!lua_gethook(L)) luv__watch(S)->displaced = NULL;
  else if (lua_gethookcount(L) == 1) return;
  else {
    luv__watch(S)->hook = luv__hook_of(L);
    luv__watch(S)->displaced = L;
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
  if (luv__is_here(S)) set_hook(S);
  else syscall(SYS_tgkill, getpid(), S->tid, ask_signal());
}

static void hook_if_asked(luv_state *S, int n) {
  (void)n;
  if (S->dump_wanted && luv__is_here(S)) set_hook(S);
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

/* Whoever has started us may have it blocked in all threads. */
static void hear(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, ask_signal());
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* S can be asked from here on. */
void luv__ask_open(luv_state *S) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)S;
  pthread_once(&once, install);
  hear();
}
