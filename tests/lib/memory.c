/* memory.c - runs a Lua script in a state whose allocator now and then says no.
 *
 *   memory SCRIPT SEED SECONDS RATE     one growing allocation in RATE fails
 *
 * The script gets SEED and SECONDS as its arguments. It is started again while memory
 * errors end it (with a low RATE luv is never even loaded), then the state is closed,
 * with memory. Prints "refused N". For Lua 5.1
 * only: LuaJIT does not survive this by itself. */
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define TRIES 50

static int rate;
static unsigned long refused;

static void *allocate(void *unused, void *p, size_t old, size_t size) {
  (void)unused;
  if (size == 0) {
    free(p);
    return NULL;
  }
  if (rate && size > old && rand() % rate == 0) {
    refused++;
    return NULL;
  }
  return realloc(p, size);
}

static void set_arguments(lua_State *L, char **argv) {
  int i;
  lua_newtable(L);
  for (i = 0; i < 3; i++) {
    lua_pushstring(L, argv[i + 1]);
    lua_rawseti(L, -2, i);
  }
  lua_setglobal(L, "arg");
}

/* Lua keeps a mark for a module whose loading failed; take it away. */
static void forget_luv(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_pushnil(L);
  lua_setfield(L, -2, "luv");
  lua_pop(L, 1);
}

int main(int argc, char **argv) {
  lua_State *L = lua_newstate(allocate, NULL);
  int i;
  if (argc != 5 || !L) return 2;
  luaL_openlibs(L);
  set_arguments(L, argv);
  if (luaL_loadfile(L, argv[1])) return 2;
  srand((unsigned)atoi(argv[2]));
  for (i = 0; i < TRIES; i++) {
    rate = 0; /* here nothing would catch the error */
    forget_luv(L);
    lua_pushvalue(L, -1);
    rate = atoi(argv[4]);
    if (lua_pcall(L, 0, 0, 0) == 0) break;
    lua_pop(L, 1);
  }
  rate = 0;
  lua_close(L);
  printf("refused %lu\n", refused);
  return 0;
}
