/* switch.c - the limit of a fiber switch: lua_resume and lua_yield, and nothing else.
 *
 *   switch THREADS [api]  prints "ns N": CPU nanoseconds per switch
 *
 * The threads yield by coroutine.yield, or with "api" by a C function that calls
 * lua_yield. On Lua 5.1 that is the same; on LuaJIT coroutine.yield is part of the
 * interpreter's assembly, which no C function can be as fast as.
 *
 * Every thread yields for ever; the loop resumes them in turn, from an array, in the
 * order they were made in. The one rule: no work but what any scheduler over stock Lua
 * has to do, so that what luv takes longer is what luv adds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define SWITCHES 12000000.0

/* LuaJIT takes the narrow signature of 5.1 as well, so one source serves both. */
static const char body[] =
    "local yield = api or coroutine.yield\n"
    "return function() while true do yield() end end\n";

static int api(lua_State *L) { return lua_yield(L, 0); }

static void die(lua_State *L) {
  fprintf(stderr, "switch: %s\n", lua_tostring(L, -1));
  exit(1);
}

/* Leaves the body on the stack, below the table that keeps the threads alive. */
static void load(lua_State *L) {
  luaL_openlibs(L);
  if (luaL_loadstring(L, body) || lua_pcall(L, 0, 1, 0)) die(L);
  lua_newtable(L);
}

static lua_State *make(lua_State *L, int i) {
  lua_State *T = lua_newthread(L);
  lua_rawseti(L, -2, i);
  lua_pushvalue(L, -2);
  lua_xmove(L, T, 1);
  return T;
}

static void turn(lua_State **T, int n) {
  int i;
  for (i = 0; i < n; i++)
    if (lua_resume(T[i], 0) != LUA_YIELD) die(T[i]);
}

static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 2, turns, i;
  lua_State *L = luaL_newstate(), **T = malloc((size_t)n * sizeof *T);
  double start;
  if (argc > 2 && strcmp(argv[2], "api") == 0) lua_register(L, "api", api);
  load(L);
  for (i = 0; i < n; i++) T[i] = make(L, i + 1);
  turn(T, n); /* the first run grows stacks, which is not a switch */
  turns = (int)(SWITCHES / n / (n > 1000 ? 3 : 1));
  start = cpu();
  for (i = 0; i < turns; i++) turn(T, n);
  printf("ns %.3f\n", (cpu() - start) / turns / n);
  return 0;
}
