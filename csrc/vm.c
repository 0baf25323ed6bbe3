/* vm.c - finding out what vm.h speaks of.
 *
 * Lua 5.1: a coroutine whose C function calls itself through lua_call counts up one number of
 * 16 bits and leaves the one behind it. Behind both stand hookmask and allowhook, which is 0
 * while a hook or a finaliser runs; a finaliser only while the collector is in its last phase.
 * LuaJIT: a hook that is set, and gone again, shows the byte that has its mask, the upper half
 * of which says what is running. */
#include <pthread.h>
#include <string.h>
#include "vm.h"

enum { LEAST = 16, MOST = 160, DEPTHS = 5, NEAR = 512 };
enum { GCS_FINALIZE = 4 };          /* lgc.h of Lua 5.1 */
enum { JIT_ACTIVE = 0x10, JIT_VMEVENT = 0x20 }; /* lj_dispatch.h */

luv_vm luv__vm;

static const char *word(const void *p, size_t at) { return *(char *const *)((const char *)p + at); }
static uint8_t byte(const void *p, size_t at) { return ((const uint8_t *)p)[at]; }

/* What all threads of L share; NULL: its place is not known. */
static const char *global(lua_State *L) {
  const char *at = (const char *)L + luv__vm.global;
  if (!luv__vm.global) return NULL;
  return luv__vm.narrow ? (const char *)(uintptr_t)*(const uint32_t *)at : word(L, luv__vm.global);
}

/* ---- Lua 5.1 ------------------------------------------------------------------------------ */

typedef struct { uint8_t fits[MOST]; uint8_t hooked; } finding;

static void compare(lua_State *L, finding *found, uint16_t depth) {
  size_t at;
  for (at = LEAST; at + 4 <= MOST; at += 2) {
    const uint16_t *n = (const uint16_t *)((const char *)L + at);
    found->fits[at] &= n[0] == depth + 1 && n[1] == 1;
  }
}

static int descend(lua_State *L) {
  finding *found = lua_touserdata(L, 1);
  int depth = (int)lua_tointeger(L, 2);
  compare(L, found, (uint16_t)depth);
  if (depth == DEPTHS) return 0;
  lua_pushcfunction(L, descend);
  lua_pushlightuserdata(L, found);
  lua_pushinteger(L, depth + 1);
  lua_call(L, 2, 0);
  return 0;
}

/* Called as a hook: its mask is there, and allowhook is 0. */
static void on_call(lua_State *L, lua_Debug *ar) {
  (void)ar;
  if (byte(L, luv__vm.calls + 4u) == LUA_MASKCALL && byte(L, luv__vm.calls + 5u) == 0) luv__vm.gc = 1;
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

static int only_one(const finding *found) {
  size_t at, n = 0, which = 0;
  for (at = LEAST; at < MOST; at++)
    if (found->fits[at]) n++, which = at;
  return n == 1 ? (int)which : 0;
}

/* Whether the two bytes behind the counters are what they should be. */
static int flags_fit(lua_State *T) {
  luv__vm.gc = 0;
  lua_sethook(T, on_call, LUA_MASKCALL, 0);
  if (lua_cpcall(T, nothing, NULL)) lua_pop(T, 1);
  lua_sethook(T, NULL, 0, 0);
  return luv__vm.gc && byte(T, luv__vm.calls + 4u) == 0 && byte(T, luv__vm.calls + 5u) == 1;
}

/* The shared part begins with the table of strings; then come allocator, its argument, the
 * current white, and what the collector does. */
static void find_gcstate(lua_State *L) {
  enum { TOP = 2 * sizeof(void *), SHARED = 4 * sizeof(void *), ALLOC = 2 * sizeof(void *) };
  void *ud;
  lua_Alloc alloc = lua_getallocf(L, &ud);
  const char *base = word(L, TOP + sizeof(void *)), *g;
  luv__vm.gc = 0;
  if (word(L, TOP) - base != lua_gettop(L) * (long)(2 * sizeof(void *))) return;
  g = word(L, SHARED);
  if (word(g, ALLOC) != (const char *)alloc || word(g, ALLOC + sizeof(void *)) != ud) return;
  luv__vm.global = SHARED;
  luv__vm.gc = ALLOC + 2 * sizeof(void *) + 1;
}

static void find_counters(lua_State *L) {
  lua_State *T = lua_newthread(L);
  finding found;
  memset(&found, 1, sizeof found);
  memset(found.fits, 0, LEAST);
  memset(found.fits + MOST - 4, 0, 4);
  lua_pushcfunction(L, descend); /* an error on T would be caught by nobody */
  lua_xmove(L, T, 1);
  lua_pushlightuserdata(T, &found);
  lua_pushinteger(T, 0);
  if (lua_resume(T, 2) == 0) {
    size_t odd;
    for (odd = LEAST + 1; odd < MOST; odd += 2) found.fits[odd] = 0;
    luv__vm.calls = (uint16_t)only_one(&found);
  }
  lua_pop(L, 1);
  if (!luv__vm.calls) return;
  T = lua_newthread(L);
  if (!flags_fit(T)) luv__vm.calls = 0;
  else find_gcstate(T);
  lua_pop(L, 1);
}

/* The function at `level` finalises its first argument. */
static int is_finalizer(lua_State *L, int level) {
  lua_Debug ar;
  int is = 0, top = lua_gettop(L);
  if (!lua_getstack(L, level, &ar) || !lua_getlocal(L, &ar, 1)) return 0;
  if (lua_type(L, -1) == LUA_TUSERDATA && lua_getmetatable(L, -1)) {
    lua_pushliteral(L, "__gc");
    lua_rawget(L, -2);
    lua_getinfo(L, "f", &ar);
    is = lua_rawequal(L, -1, -2);
  }
  lua_settop(L, top);
  return is;
}

/* Nothing has called the outermost function of the main thread: the state closes. */
static int is_closing(lua_State *L, int levels) {
  lua_Debug ar;
  int is_main = lua_pushthread(L);
  lua_pop(L, 1);
  return is_main && lua_getstack(L, levels - 1, &ar) && lua_getinfo(L, "S", &ar) && strcmp(ar.what, "Lua") == 0;
}

/* Both look alike but for their functions. A finaliser that does not have its object any more
 * is one if the collector is where it calls them, and no hook is set that it could be instead. */
static int hook_or_finalizer(lua_State *L) {
  const char *g = global(L);
  lua_Debug ar;
  int level;
  if (!lua_checkstack(L, 4)) return LUV_AT_FINALIZER;
  for (level = 0; lua_getstack(L, level, &ar); level++)
    if (is_finalizer(L, level)) return LUV_AT_FINALIZER;
  if (is_closing(L, level)) return LUV_AT_FINALIZER;
  return (!g || byte(g, luv__vm.gc) == GCS_FINALIZE) && !lua_gethook(L) ? LUV_AT_FINALIZER : LUV_AT_HOOK;
}

/* ---- LuaJIT -------------------------------------------------------------------------------- */

/* A lua_State begins with the collector's header, of 4 or 8 bytes and then four of one byte:
 * mark, type, a number that is 1, status. */
static void find_jit_global(lua_State *L) {
  void *ud;
  lua_Alloc alloc = lua_getallocf(L, &ud);
  const char *g;
  luv__vm.narrow = byte(L, 5) == 6 && byte(L, 6) == 1;
  if (!luv__vm.narrow && (byte(L, 9) != 6 || byte(L, 10) != 1)) return;
  luv__vm.global = luv__vm.narrow ? 8 : 16;
  g = global(L);
  if (word(g, 0) != (const char *)alloc || word(g, sizeof(void *)) != ud) luv__vm.global = 0;
}

static void never(lua_State *L, lua_Debug *ar) { (void)L, (void)ar; }

static void find_jit_mask(lua_State *L) {
  static const int masks[] = {LUA_MASKCALL, LUA_MASKLINE, LUA_MASKRET, 0};
  lua_Hook hook = lua_gethook(L);
  int mask = lua_gethookmask(L), count = lua_gethookcount(L);
  const char *g = global(L);
  uint8_t fits[NEAR];
  size_t at, i, n = 0;
  memset(fits, 1, sizeof fits);
  for (i = 0; i < sizeof masks / sizeof *masks; i++) {
    lua_sethook(L, never, masks[i], 0);
    for (at = 0; at < NEAR; at++) fits[at] &= byte(g, at) == masks[i];
  }
  lua_sethook(L, hook, mask, count);
  for (at = 0; at < NEAR; at++)
    if (fits[at]) n++, luv__vm.mask = (uint16_t)at;
  if (n != 1) luv__vm.global = 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

static int find(lua_State *L) {
  if (!luaJIT_setmode) find_counters(L);
  else {
    find_jit_global(L);
    if (luv__vm.global) find_jit_mask(L);
  }
  return 0;
}

void luv__vm_open(lua_State *L) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static int done;
  int err = 0;
  pthread_mutex_lock(&lock);
  if (!done) err = lua_cpcall(L, find, NULL);
  done = !err;
  pthread_mutex_unlock(&lock);
  if (err) lua_error(L);
}

int luv__vm_place(lua_State *L) {
  if (luv__vm.calls) return byte(L, luv__vm.calls + 5u) ? LUV_AT_CODE : hook_or_finalizer(L);
  if (luaJIT_setmode && luv__vm.global)
    return byte(global(L), luv__vm.mask) & (JIT_ACTIVE | JIT_VMEVENT) ? LUV_AT_FINALIZER : LUV_AT_CODE;
  return LUV_AT_CODE;
}
