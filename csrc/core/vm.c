/* vm.c - finding out what vm.h speaks of.
 *
 * Lua 5.1: a coroutine whose C function calls itself through lua_call counts up one number of
 * 16 bits and leaves the one behind it. Behind both stand hookmask and allowhook, which is 0
 * while a hook or a finaliser runs. Which of the two it is only the C stack tells: a hook is
 * called from one place in Lua.
 * LuaJIT: a hook that is set, and gone again, shows the byte that has its mask, the upper half
 * of which says what is running. */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "stack.h"
#include "vm.h"

enum { LEAST = 16, MOST = 160, DEPTHS = 5, NEAR = 512 };
enum { JIT_ACTIVE = 0x10, JIT_VMEVENT = 0x20, JIT_GC = 0x40 }; /* lj_dispatch.h */

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

typedef struct { uint8_t fits[MOST]; } finding;

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

static const void *hooks_caller; /* where in Lua 5.1 a hook returns to */

/* Called as a hook: its mask is there, and allowhook is 0. */
static __attribute__((noinline)) void on_call(lua_State *L, lua_Debug *ar) {
  (void)ar;
  if (byte(L, luv__vm.calls + 4u) == LUA_MASKCALL && byte(L, luv__vm.calls + 5u) == 0)
    hooks_caller = __builtin_return_address(0);
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
  lua_sethook(T, on_call, LUA_MASKCALL, 0);
  if (lua_cpcall(T, nothing, NULL)) lua_pop(T, 1);
  lua_sethook(T, NULL, 0, 0);
  return hooks_caller && byte(T, luv__vm.calls + 4u) == 0 && byte(T, luv__vm.calls + 5u) == 1;
}

static void find_counters(lua_State *L) {
  lua_State *T = lua_newthread(L);
  finding found;
  size_t at;
  memset(found.fits, 0, sizeof found.fits);
  for (at = LEAST; at + 4 <= MOST; at += 2) found.fits[at] = 1;
  lua_pushcfunction(L, descend); /* an error on T would be caught by nobody */
  lua_xmove(L, T, 1);
  lua_pushlightuserdata(T, &found);
  lua_pushinteger(T, 0);
  if (lua_resume(T, 2) == 0) {
    luv__vm.calls = (uint16_t)only_one(&found);
  }
  lua_pop(L, 1);
  if (!luv__vm.calls) return;
  T = lua_newthread(L);
  if (!flags_fit(T)) luv__vm.calls = 0;
  lua_pop(L, 1);
}

int luv__vm_finalizes(lua_State *L, int level) {
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

/* The upper end of the C stack that runs. */
static const char *stack_top(void) {
  luv_stack *s = luv__host ? luv__host->stack : NULL;
  pthread_attr_t attr;
  void *low = NULL;
  size_t size = 0;
  if (s) return s->low + s->size;
  if (pthread_getattr_np(pthread_self(), &attr)) return NULL;
  pthread_attr_getstack(&attr, &low, &size);
  pthread_attr_destroy(&attr);
  return (const char *)low + size;
}

/* Whether a hook is among the callers. What other calls have left on the stack may look so. */
static int calls_us(const void *hook) {
  enum { MOST_FRAMES = 4096 };
  void **at = backtrace ? malloc(MOST_FRAMES * sizeof *at) : NULL;
  int n = at ? backtrace(at, MOST_FRAMES) : 0, is = !backtrace;
  while (n-- > 0 && !is) is = at[n] == hook;
  free(at);
  return is;
}

/* Whether a hook has been called that has not returned. The stack is looked through first, which costs
 * less. */
static __attribute__((no_sanitize_address)) int in_hook(void) {
  const char *top = stack_top(), *p = __builtin_frame_address(0);
  for (; p + sizeof(void *) <= top; p += sizeof(void *))
    if (*(void *const *)p == hooks_caller) return calls_us(hooks_caller);
  return 0;
}

static int hook_or_finalizer(lua_State *L) {
  lua_Debug ar;
  int level;
  if (!lua_checkstack(L, 4)) return LUV_AT_FINALIZER;
  for (level = 0; lua_getstack(L, level, &ar); level++)
    if (luv__vm_finalizes(L, level)) return LUV_AT_FINALIZER;
  return in_hook() ? LUV_AT_HOOK : LUV_AT_FINALIZER;
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

/* With the compiler off another byte is the same for all masks but that of a count. */
static void find_jit_mask(lua_State *L) {
  static const int masks[] = {LUA_MASKCALL, LUA_MASKLINE, LUA_MASKRET, LUA_MASKCOUNT, 0};
  lua_Hook hook = lua_gethook(L);
  int mask = lua_gethookmask(L), count = lua_gethookcount(L);
  const char *g = global(L);
  uint8_t fits[NEAR];
  size_t at, i, n = 0;
  memset(fits, 1, sizeof fits);
  for (i = 0; i < sizeof masks / sizeof *masks; i++) {
    lua_sethook(L, never, masks[i], INT_MAX);
    for (at = 0; at < NEAR; at++) fits[at] &= byte(g, at) == masks[i];
  }
  lua_sethook(L, hook, mask, count);
  for (at = 0; at < NEAR; at++)
    if (fits[at]) n++, luv__vm.mask = (uint16_t)at;
  if (n != 1) luv__vm.global = 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

/* cframe points to a frame of the C stack that is running; its lowest bit is what
 * lua_isyieldable gives. */
static void compare_frames(lua_State *L, finding *found) {
  uintptr_t here = (uintptr_t)&found, can = (uintptr_t)lua_isyieldable(L);
  size_t at;
  for (at = LEAST; at + sizeof(void *) <= MOST; at += sizeof(void *)) {
    uintptr_t p = (uintptr_t)word(L, at);
    found->fits[at] &= p >= here && p - here < 4096 && (p & 1) == can;
  }
}

static int descend_once(lua_State *L) {
  finding *found = lua_touserdata(L, 1);
  compare_frames(L, found);
  if (lua_toboolean(L, 2)) return 0;
  lua_pushcfunction(L, descend_once);
  lua_pushlightuserdata(L, found);
  lua_pushboolean(L, 1);
  lua_call(L, 2, 0);
  compare_frames(L, found);
  return 0;
}

static void find_jit_frame(lua_State *L) {
  lua_State *T = lua_newthread(L);
  finding found;
  size_t at;
  memset(found.fits, 0, sizeof found.fits);
  for (at = LEAST; at + sizeof(void *) <= MOST; at += sizeof(void *)) found.fits[at] = 1;
  lua_pushcfunction(L, descend_once);
  lua_xmove(L, T, 1);
  lua_pushlightuserdata(T, &found);
  lua_pushboolean(T, 0);
  if (lua_resume(T, 2) == 0) luv__vm.frame = (uint16_t)only_one(&found);
  lua_pop(L, 1);
}

static int find(lua_State *L) {
  if (!luaJIT_setmode) {
    find_counters(L);
    return 0;
  }
  find_jit_global(L);
  if (luv__vm.global) find_jit_mask(L);
  if (lua_isyieldable) find_jit_frame(L);
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
    return byte(global(L), luv__vm.mask) & (JIT_ACTIVE | JIT_VMEVENT | JIT_GC) ? LUV_AT_FINALIZER : LUV_AT_CODE;
  return LUV_AT_CODE;
}

static uint8_t *jit_mask(lua_State *L) {
  return luaJIT_setmode && luv__vm.global ? (uint8_t *)(uintptr_t)global(L) + luv__vm.mask : NULL;
}

/* LuaJIT takes a yield in a finaliser for a hook's: it hides the stack that is yielded, and is in no
 * finaliser from there on. */
int luv__vm_resume(lua_State *L, lua_State *T, int nargs) {
  uint8_t *mask = jit_mask(L);
  uint8_t before = mask ? *mask : 0;
  int rc;
  if (mask) *mask &= (uint8_t)~JIT_ACTIVE;
  rc = lua_resume(T, nargs);
  if (mask) *mask = (uint8_t)((*mask & ~JIT_ACTIVE) | (before & JIT_ACTIVE));
  return rc;
}

/* What runs from here on is in no finaliser, though the call of one is below: only where the state is being
 * closed, and the collector is at no work. It is stopped: it would call all the finalisers that are due. */
uint8_t luv__vm_leave_finalizer(lua_State *L) {
  uint8_t *mask = jit_mask(L), before = mask ? *mask : 0;
  if (mask) *mask &= (uint8_t)~(JIT_ACTIVE | JIT_VMEVENT | JIT_GC);
  lua_gc(L, LUA_GCSTOP, 0);
  return before;
}

void luv__vm_enter_finalizer(lua_State *L, uint8_t before) {
  uint8_t *mask = jit_mask(L);
  if (mask) *mask = before;
}
