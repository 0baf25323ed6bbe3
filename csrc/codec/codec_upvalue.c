/* codec_upvalue.c - which upvalues are one and the same, and making them so.
 *
 * LuaJIT has functions for both. Lua 5.1 has not, and no way round through its interface
 * that would do: a closure gets its upvalues when Lua code makes it, and never others. So
 * there they are looked at where they are: behind the head of a closure, in a layout that
 * all releases of 5.1 share. Before that is relied on it is tried, on two closures of which
 * the answers are known; where it fails (a Lua that somebody has changed), each function
 * gets upvalues of its own. */
#include "codec_format.h"

/* A Lua function of Lua 5.1. */
typedef struct {
  void *next;
  unsigned char type, marked, is_c, nupvalues;
  void *gclist, *env, *proto;
  void *upvalues[1];
} closure;

static void **upvalue(lua_State *L, int idx, int i) {
  closure *f = (closure *)lua_topointer(L, idx);
  return &f->upvalues[i - 1];
}

static int has(lua_State *L, int idx, int n) {
  closure *f = (closure *)lua_topointer(L, idx);
  return f->type == LUA_TFUNCTION && !f->is_c && f->nupvalues == n;
}

/* Joins upvalue i of f to j of g. f has just been made: a collection has not come by, so
 * it need not be told that f refers to something else now. */
static void join(lua_State *L, int f, int i, int g, int j) { *upvalue(L, f, i) = *upvalue(L, g, j); }

static const char trial[] =
  "local a, b, c = 1, 2, 3\n"
  "return function() return a, b end, function(v) b = v; return c, b end";

static int holds(lua_State *L, int f, int i, double want) {
  int is;
  lua_getupvalue(L, f, i);
  is = lua_tonumber(L, -1) == want;
  lua_pop(L, 1);
  return is;
}

/* Leaves two functions on L: the first has a and b, the second b and c, in that order. */
static int try_layout(lua_State *L) {
  int f = lua_gettop(L) + 1, g = f + 1, b;
  if (luaL_loadbuffer(L, trial, sizeof trial - 1, "=luv")) lua_error(L);
  lua_call(L, 0, 2);
  if (!has(L, f, 2) || !has(L, g, 2)) return 0;
  b = holds(L, g, 1, 2) ? 1 : 2;
  if (*upvalue(L, f, 2) != *upvalue(L, g, b)) return 0;
  if (*upvalue(L, f, 1) == *upvalue(L, g, b) || *upvalue(L, f, 2) == *upvalue(L, g, 3 - b)) return 0;
  join(L, f, 1, g, 3 - b);
  return holds(L, f, 1, 3) && holds(L, f, 2, 2);
}

static int layout_known(luv_state *S, lua_State *L) {
  int top = lua_gettop(L);
  if (!luv__codec_of(S)->layout) luv__codec_of(S)->layout = try_layout(L) ? 1 : -1;
  lua_settop(L, top);
  return luv__codec_of(S)->layout == 1;
}

/* Before a function is loaded that is to be joined. May raise (memory). */
void luv__upvalue_ready(luv_state *S, lua_State *L) {
  if (!lua_upvaluejoin) layout_known(S, L);
}

/* The same for two upvalues that are one; NULL: not known. May raise (memory). */
const void *luv__upvalue_id(luv_state *S, lua_State *L, int idx, int i) {
  if (lua_upvalueid) return lua_upvalueid(L, idx, i);
  return layout_known(S, L) ? *upvalue(L, idx, i) : NULL;
}

/* Makes upvalue i of f, a function just loaded, that of g. Does not allocate. */
int luv__upvalue_join(luv_state *S, lua_State *L, int f, int i, int g, int j) {
  if (lua_upvaluejoin) lua_upvaluejoin(L, f, i, g, j);
  else if (layout_known(S, L)) join(L, f, i, g, j);
  else return 0;
  return 1;
}
