/* host.c - a program that hosts Lua, for host_test.go: linked with liblua5.1 or LuaJIT.
 *
 *   host turns N FILE      two states on one thread; FILE is run in both, then step(), N
 *                          times each in turn, and done() at the end
 *   host threads N FILE    N rounds of two threads at a time, each with a state that runs FILE
 *   host again N FILE      N times: a state is made, runs FILE and is closed
 *   host coroutine 0 FILE  FILE is run in a coroutine, which is then garbage; then after()
 *   host dl N FILE         as again, but luv.so is opened and closed by dlopen each time
 *
 * The last line says what the process holds after a third of the rounds, and at the end:
 * "descriptors A B threads A B kilobytes A B". luv.so is found by LUA_CPATH, and for dl by
 * the variable LUV_SO. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static const char *file;
static int rounds;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "host: %s: %s\n", what, why);
  exit(1);
}

static void check(lua_State *L, int rc) {
  if (rc) fail("error in Lua", lua_tostring(L, -1) ? lua_tostring(L, -1) : "(no string)");
}

static lua_State *state(void) {
  lua_State *L = luaL_newstate();
  if (!L) fail("luaL_newstate", "no memory");
  luaL_openlibs(L);
  return L;
}

static lua_State *running(void) {
  lua_State *L = state();
  check(L, luaL_loadfile(L, file) || lua_pcall(L, 0, 0, 0));
  return L;
}

static void call(lua_State *L, const char *function) {
  lua_getglobal(L, function);
  check(L, lua_pcall(L, 0, 0, 0));
}

/* ---- what the process holds --------------------------------------------------------- */

static int entries(const char *path) {
  int n = 0;
  DIR *d = opendir(path);
  if (!d) fail(path, "cannot be read");
  while (readdir(d)) n++;
  closedir(d);
  return n;
}

static long kilobytes(void) {
  long all = 0, resident = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%ld %ld", &all, &resident) != 2) fail("statm", "cannot be read");
  fclose(f);
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

typedef struct { int descriptors, threads; long kilobytes; } holding;

/* What a closed state has cancelled in Go may take a moment to let go of its descriptor:
 * the least of some looks is what is held. */
static holding holds(void) {
  holding h = {entries("/proc/self/fd"), entries("/proc/self/task"), kilobytes()};
  int i;
  for (i = 0; i < 20; i++) {
    int n = entries("/proc/self/fd");
    if (n < h.descriptors) h.descriptors = n;
    usleep(5000);
  }
  return h;
}

static void repeat(void (*round)(void)) {
  holding a, b;
  int i;
  for (i = 0; i <= rounds / 3; i++) round();
  a = holds();
  for (; i < rounds; i++) round();
  b = holds();
  printf("descriptors %d %d threads %d %d kilobytes %ld %ld\n", a.descriptors, b.descriptors,
         a.threads, b.threads, a.kilobytes, b.kilobytes);
}

/* ---- the modes ------------------------------------------------------------------------ */

static void turns(void) {
  lua_State *a = running(), *b = running();
  int i;
  for (i = 0; i < rounds; i++) {
    call(a, "step");
    call(b, "step");
  }
  call(a, "done");
  lua_close(a);
  call(b, "step"); /* b does not mind */
  call(b, "done");
  lua_close(b);
}

static void again(void) { lua_close(running()); }

static void *thread(void *unused) {
  again();
  return unused;
}

static void two_threads(void) {
  pthread_t a, b;
  if (pthread_create(&a, NULL, thread, NULL) || pthread_create(&b, NULL, thread, NULL))
    fail("pthread_create", "no thread");
  pthread_join(a, NULL);
  pthread_join(b, NULL);
}

static void coroutine(void) {
  lua_State *L = state(), *co = lua_newthread(L);
  check(co, luaL_loadfile(co, file) || lua_resume(co, 0));
  lua_settop(L, 0);
  lua_gc(L, LUA_GCCOLLECT, 0);
  lua_gc(L, LUA_GCCOLLECT, 0);
  call(L, "after");
  lua_close(L);
}

static void dl(void) {
  static lua_CFunction first;
  lua_State *L = state();
  lua_CFunction open;
  void *so = dlopen(getenv("LUV_SO"), RTLD_NOW | RTLD_LOCAL);
  if (!so) fail("dlopen", dlerror());
  *(void **)&open = dlsym(so, "luaopen_luv");
  if (!open) fail("dlsym", dlerror());
  if (first && first != open) fail("dlopen", "the library was unmapped and loaded again");
  first = open;
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, open);
  lua_setfield(L, -2, "luv");
  lua_settop(L, 0);
  check(L, luaL_loadfile(L, file) || lua_pcall(L, 0, 0, 0));
  lua_close(L);
  dlclose(so);
}

int main(int argc, char **argv) {
  const char *mode = argc == 4 ? argv[1] : "";
  if (argc == 4) {
    rounds = atoi(argv[2]);
    file = argv[3];
  }
  alarm(30); /* what hangs shall not hang the tests */
  if (!strcmp(mode, "turns")) turns();
  else if (!strcmp(mode, "threads")) repeat(two_threads);
  else if (!strcmp(mode, "again")) repeat(again);
  else if (!strcmp(mode, "coroutine")) coroutine();
  else if (!strcmp(mode, "dl")) repeat(dl);
  else fail("usage", "host turns|threads|again|coroutine|dl N FILE");
  return 0;
}
