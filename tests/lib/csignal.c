/* csignal.c - what plain Lua cannot do and the tests of signals need: a handler that
 * counts SIGUSR1, fork without exec, raising a signal, the process's number, actions and masks.
 *
 * Built by the tests with cc; luaL_register and its kin are the interpreter's own. */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct lua_State lua_State;
typedef int (*lua_CFunction)(lua_State *L);
extern void lua_createtable(lua_State *L, int narr, int nrec);
extern void lua_pushcclosure(lua_State *L, lua_CFunction fn, int n);
extern void lua_pushinteger(lua_State *L, ptrdiff_t n);
extern void lua_setfield(lua_State *L, int idx, const char *k);
extern ptrdiff_t lua_tointeger(lua_State *L, int idx);

static volatile sig_atomic_t seen;

static void on_usr1(int sig) {
  (void)sig;
  seen++;
}

/* count_usr1(onstack): installs the counting handler, with or without SA_ONSTACK. */
static int count_usr1(lua_State *L) {
  struct sigaction sa = {0};
  sa.sa_handler = on_usr1;
  sa.sa_flags = SA_RESTART | (lua_tointeger(L, 1) ? SA_ONSTACK : 0);
  sigaction(SIGUSR1, &sa, NULL);
  return 0;
}

static int counted(lua_State *L) {
  lua_pushinteger(L, seen);
  return 1;
}

static int do_fork(lua_State *L) {
  lua_pushinteger(L, fork());
  return 1;
}

static int do_wait(lua_State *L) {
  int status = 0;
  waitpid((pid_t)lua_tointeger(L, 1), &status, 0);
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 1;
}

static int do_exit(lua_State *L) { _exit((int)lua_tointeger(L, 1)); }

static int do_raise(lua_State *L) {
  lua_pushinteger(L, raise((int)lua_tointeger(L, 1)));
  return 1;
}

static int do_default(lua_State *L) {
  signal((int)lua_tointeger(L, 1), SIG_DFL);
  return 0;
}

/* handle(signal): the handler does nothing that luv would see. */
static int do_handle(lua_State *L) {
  signal((int)lua_tointeger(L, 1), on_usr1);
  return 0;
}

static int do_block(lua_State *L) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, (int)lua_tointeger(L, 1));
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  return 0;
}

static int block_all(lua_State *L) {
  sigset_t set;
  (void)L;
  sigfillset(&set);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  return 0;
}

static int do_getpid(lua_State *L) {
  lua_pushinteger(L, getpid());
  return 1;
}

static void set(lua_State *L, const char *name, lua_CFunction fn) {
  lua_pushcclosure(L, fn, 0);
  lua_setfield(L, -2, name);
}

int luaopen_csignal(lua_State *L) {
  lua_createtable(L, 0, 11);
  set(L, "count_usr1", count_usr1);
  set(L, "counted", counted);
  set(L, "fork", do_fork);
  set(L, "wait", do_wait);
  set(L, "exit", do_exit);
  set(L, "raise", do_raise);
  set(L, "getpid", do_getpid);
  set(L, "default", do_default);
  set(L, "handle", do_handle);
  set(L, "block", do_block);
  set(L, "block_all", block_all);
  return 1;
}
