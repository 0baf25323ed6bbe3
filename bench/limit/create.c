/* create.c - the limit of making a fiber: lua_newthread, an anchor, one run to the end.
 *
 *   create                prints "us N first N": CPU microseconds per thread that is made,
 *                         run and collected, batch after batch; and in the first batch,
 *                         which pays for memory the process never touched before
 *   create object         the same with a userdata for every thread, of a fiber's size
 *   create memory         prints "bytes N rss N": memory of a suspended thread, by the
 *                         count of the collector and by the growth of the process
 *
 * The order is the one a queue imposes: a batch is made, then run. The one rule: the
 * collector stays on and works when it likes to, as it does in a program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define BATCH 10000
#define BATCHES 40

static const char bodies[] =
    "local yield = coroutine.yield\n"
    "return function() end, function() while true do yield() end end\n";

#define OBJECT 144

static lua_State *threads[BATCH];
static int objects;

static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Makes a batch of threads with the function at index body, kept by a table on top. */
static void make(lua_State *L, int body) {
  int i;
  lua_newtable(L);
  for (i = 0; i < BATCH; i++) {
    if (objects) {
      memset(lua_newuserdata(L, OBJECT), 0, OBJECT);
      lua_rawseti(L, -2, BATCH + i + 1);
    }
    threads[i] = lua_newthread(L);
    lua_rawseti(L, -2, i + 1);
    lua_pushvalue(L, body);
    lua_xmove(L, threads[i], 1);
  }
}

static void run(int outcome) {
  int i;
  for (i = 0; i < BATCH; i++)
    if (lua_resume(threads[i], 0) != outcome) abort();
}

static double batch(lua_State *L) {
  double start = cpu();
  make(L, 1);
  run(0);
  lua_pop(L, 1);
  return (cpu() - start) / BATCH;
}

static double counted(lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT, 0);
  lua_gc(L, LUA_GCCOLLECT, 0);
  return lua_gc(L, LUA_GCCOUNT, 0) * 1024.0 + lua_gc(L, LUA_GCCOUNTB, 0);
}

/* Bytes of memory this process has in use, in whole pages. */
static double resident(void) {
  long size = 0, pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%ld %ld", &size, &pages) != 2) pages = 0;
  if (f) fclose(f);
  return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void create(lua_State *L) {
  double first = batch(L), later = 0;
  int i;
  for (i = 0; i < BATCHES; i++) later += batch(L);
  printf("us %.4f first %.4f\n", later / BATCHES, first);
}

static void memory(lua_State *L) {
  double count = counted(L), pages = resident();
  make(L, 2);
  run(LUA_YIELD);
  count = counted(L) - count;
  printf("bytes %.0f rss %.0f\n", count / BATCH, (resident() - pages) / BATCH);
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_loadstring(L, bodies) || lua_pcall(L, 0, 2, 0)) return 1;
  objects = argc > 1 && strcmp(argv[1], "object") == 0;
  /* Apart, because memory that one has freed would hide what the other takes. */
  if (argc > 1 && strcmp(argv[1], "memory") == 0)
    memory(L);
  else
    create(L);
  return 0;
}
