/* batch_run.c - the owner's side of a batch: one thing after another, in one fiber.
 *
 * Of each thing the first result is kept, by its number, for those that follow. What has failed, or depends on
 * something that has, is a mark there. */
#include "proxy.h"

static const char failed = 0;

enum { RESULTS = 2, HANDLER, OPS }; /* on the stack */

static int handler(lua_State *L) {
  luv_mail *m = lua_touserdata(L, lua_upvalueindex(1));
  luv_state *S = luv__state(L);
  const char *text;
  if (m->traceback) return 1;
  luv__traceback_of(S, L, L);
  text = lua_tostring(L, 1);
  text = lua_pushfstring(L, "%s\nstack traceback:%s", text ? text : luaL_typename(L, 1), lua_tostring(L, -1));
  m->traceback = text ? strdup(text) : NULL;
  lua_settop(L, 1);
  return 1;
}

/* Pushes what is to be called and its arguments; how many arguments, or -1: one of them has failed. */
static int push_next(luv_state *S, lua_State *L, const char **p, int *op) {
  uint32_t n, i;
  int base = lua_gettop(L), bad = 0;
  *op = *(*p)++;
  memcpy(&n, *p, sizeof n);
  *p += sizeof n;
  luaL_checkstack(L, (int)n + 10, "too many arguments");
  if (*op != LUV_DO_CALL) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, luv__proxies(S)->ref_ops);
    lua_rawgeti(L, -1, *op + 1);
    lua_remove(L, -2);
  }
  for (i = 0; i < n; i++) {
    *p = luv__letter_next(S, L, *p, RESULTS);
    bad |= lua_touserdata(L, -1) == (void *)&failed;
  }
  if (!bad) return lua_gettop(L) - base - 1;
  lua_settop(L, base);
  return -1;
}

/* The first error is what the batch raises. */
static void fail(luv_state *S, lua_State *L, luv_mail *m) {
  if (m->status != LUV_MAIL_FAILED) luv__mail_pack_error(S, L, m);
  m->status = LUV_MAIL_FAILED;
}

static void one(luv_state *S, lua_State *L, luv_mail *m, const char **p, uint32_t i, uint8_t *op) {
  int kind, n = push_next(S, L, p, &kind), bad = n < 0;
  *op = (uint8_t)kind;
  if (!bad && lua_pcall(L, n, 1, HANDLER)) {
    fail(S, L, m);
    bad = 1;
  }
  if (bad) {
    lua_settop(L, OPS);
    lua_pushlightuserdata(L, (void *)&failed);
  }
  lua_rawseti(L, RESULTS, (int)i);
}

/* Those that the caller wants: their numbers stand behind all else. */
static void pack_wanted(luv_state *S, lua_State *L, luv_mail *m, const char *p, const uint8_t *ops) {
  uint32_t n, at;
  memcpy(&n, p, sizeof n);
  if (m->status != LUV_MAIL_FAILED) m->answer.n = n;
  for (p += sizeof n; n > 0 && m->status != LUV_MAIL_FAILED; n--, p += sizeof at) {
    memcpy(&at, p, sizeof at);
    lua_rawgeti(L, RESULTS, (int)at);
    if (!luv__letter_add_count(&m->answer, at)) luaL_error(L, "not enough memory");
    if (luv__letter_add(S, L, lua_gettop(L), ops[at - 1] == LUV_DO_GET ? LUV_LETTER_FUNCTIONS : 0, m->from, &m->answer)) {
      luv__letter_clear(&m->answer);
      if (lua_type(L, -1) == LUA_TSTRING) lua_pushfstring(L, "cannot return %s", lua_tostring(L, -1));
      fail(S, L, m);
    }
    lua_settop(L, OPS);
  }
}

/* run(m) */
int luv__batch_run(lua_State *L) {
  luv_state *S = luv_upstate(L);
  luv_mail *m = lua_touserdata(L, 1);
  const char *p = m->ask.p;
  uint8_t *ops;
  uint32_t i;
  lua_createtable(L, (int)m->ask.n, 0);
  lua_pushlightuserdata(L, m);
  lua_pushcclosure(L, handler, 1);
  ops = lua_newuserdata(L, m->ask.n + 1);
  for (i = 1; i <= m->ask.n; i++) one(S, L, m, &p, i, &ops[i - 1]);
  pack_wanted(S, L, m, p, ops);
  return 0;
}
