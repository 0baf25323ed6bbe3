/* select.c - luv.select: the first of several waits.
 *
 * The cases are tried in random order, each by its own method; a channel without calling
 * one. What has to wait has only asked (DESIGN rule 6): it is linked in begin, of select_wait.c. */
#include "select.h"

#define MAX_CASES 100000
#define FEW 64

enum { NOT_READY = 0, FAILED = -1, GENERIC = -2, SERVED = -3 };

static uint32_t draw(uint32_t n) {
  static __thread uint32_t x = 2463534242u;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return (uint32_t)(((uint64_t)x * n) >> 32);
}

/* ---- trying ---------------------------------------------------------------------------- */

/* Tries a channel; returns how many results are on top of L, or NOT_READY or GENERIC. */
static int try_channel(luv_state *S, lua_State *L, int i) {
  int top = lua_gettop(L), t = luv__select_case(S, L, i), n;
  luv_box *b;
  luv_chan_t *c;
  const char *m;
  if (!luv__is_channel_case(L, t, &b)) {
    lua_settop(L, top);
    return GENERIC;
  }
  c = (luv_chan_t *)b->o;
  m = lua_tostring(L, t + 2);
  if (m && *m == 'p') {
    lua_rawgeti(L, t, 3);
    if (c->ended) return luv__fail(L, UV_EOF);
    n = luv__chan_give(S, c, L, t + 1, t + 3);
    if (n) lua_pushvalue(L, t + 1);
  } else {
    n = luv__chan_take(S, c, L, t + 1);
    if (!n && c->ended) return luv__fail(L, UV_EOF);
  }
  if (!n) lua_settop(L, top);
  return n;
}

/* Calls the method of a case on its own thread. Returns the number of results there, FAILED
 * with the error there, or NOT_READY: it has asked to wait. */
static int try_call(luv_state *S, lua_State *L, luv_case *c) {
  luv_fiber *outer = S->current;
  lua_State *T = c->f.base;
  int rc, suspended;
  if (c->asked) return NOT_READY;
  S->current = &c->f;
  rc = luv__vm_resume(L, T, c->nargs);
  suspended = rc == LUA_YIELD && S->suspended;
  S->current = outer;
  S->suspended = 0;
  luv__regain(S, L);
  c->asked = suspended;
  if (suspended) return NOT_READY;
  if (rc == 0) return lua_gettop(T) + 1; /* the index, too */
  if (rc == LUA_YIELD) lua_pushliteral(T, "select: the method cannot be selected");
  return FAILED;
}

static int push_result(luv_state *S, lua_State *L, luv_choice *s, int i, int n) {
  lua_State *T = s->v[i].f.in;
  luv__select_drop(S, s);
  if (n == FAILED) {
    lua_xmove(T, L, 1);
    return lua_error(L);
  }
  n--;
  luaL_checkstack(L, n + 1, "too many results");
  lua_pushinteger(L, i + 1);
  lua_xmove(T, L, n);
  return n + 1;
}

/* Looks at the outside once, for a call that is not to wait. */
static int glance(luv_state *S, lua_State *L, luv_choice *s) {
  if (!luv__select_serve_any(S, s) && !luv__select_link(S, s)) luv__glance(S);
  if (s->winner < 0) {
    luv__select_drop(S, s);
    return 0;
  }
  return luv__select_push(S, s, L);
}

static int push_served(luv_state *S, lua_State *L, luv_choice *s) {
  luv__select_drop(S, s);
  return luv__select_push(S, s, L);
}

static int try_laid_out(luv_state *S, lua_State *L, luv_case *c) {
  if (c->nargs >= 0) return try_call(S, L, c);
  if (luv__select_serve(S, c)) return SERVED;
  return NOT_READY;
}

/* In which order the cases are tried: at random; of many, each so far from the one before, from
 * a random one on. */
typedef struct { uint32_t n, k, at, step; uint8_t rest[FEW]; } order;

static uint32_t common(uint32_t a, uint32_t b) { return b ? common(b, a % b) : a; }

static void order_begin(order *o, int n) {
  uint32_t i;
  o->n = (uint32_t)n;
  o->k = o->at = 0;
  o->step = 1;
  for (i = 0; n <= FEW && i < o->n; i++) o->rest[i] = (uint8_t)i;
  if (n <= FEW) return;
  o->at = draw(o->n);
  do o->step = 1 + draw(o->n - 1);
  while (common(o->n, o->step) != 1);
}

static int order_next(order *o) {
  uint32_t i, j = o->k++;
  if (o->n > FEW) return (int)(o->at = (o->at + o->step) % o->n);
  i = j + draw(o->n - j);
  j = o->rest[i];
  o->rest[i] = o->rest[o->k - 1];
  return (int)j;
}

static int try_all(luv_state *S, lua_State *L, int n, luv_choice **s) {
  order o;
  int i, k, got;
  order_begin(&o, n);
  for (k = 0; k < n; k++) {
    i = order_next(&o);
    got = *s ? GENERIC : try_channel(S, L, i + 1);
    if (got > 0) {
      if (*s) luv__select_drop(S, *s);
      lua_pushinteger(L, i + 1);
      lua_insert(L, -got - 1);
      return got + 1;
    }
    if (got != GENERIC) continue;
    if (!*s) { /* from here on the script's table does not count */
      *s = luv__select_prepare(S, L, n);
      order_begin(&o, n);
      k = -1;
      continue;
    }
    got = try_laid_out(S, L, &(*s)->v[i]);
    if (got == SERVED) return push_served(S, L, *s);
    if (got != NOT_READY) return push_result(S, L, *s, i, got);
  }
  return 0;
}

static int outside(luv_state *S) { return luv_current(S) || S->depth == 0; }

/* index, ... = luv.select{ {object, "method", ...}, ..., timeout = s, default = true } */
int luv_select(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_choice *s = NULL;
  int n, got, by_default;
  double timeout;
  if (!lua_istable(L, 1)) return luv__type_error(S, L, 1, 1, "select", "table");
  lua_settop(L, 1);
  lua_getfield(L, 1, "default");
  by_default = lua_toboolean(L, -1);
  lua_getfield(L, 1, "timeout");
  timeout = by_default ? 0 : luv__opt_timeout(S, L, 3, 1, "select");
  lua_settop(L, 1);
  n = (int)lua_objlen(L, 1);
  if (n < 1 || n > MAX_CASES) return luv__arg_error(S, L, 1, "select", "1 to 100000 cases expected");
  luv__check_cancel(S, L);
  if ((got = try_all(S, L, n, &s))) return got;
  if (timeout == 0 || !outside(S)) {
    if (s && (got = glance(S, L, s))) return got;
    if (!by_default) return luv__fail(L, UV_ETIMEDOUT);
    lua_pushnil(L);
    return 1;
  }
  if (!s) s = luv__select_prepare(S, L, n);
  if (luv__select_serve_any(S, s)) return push_served(S, L, s);
  return luv__suspend(S, L, &luv__op_select, s, 0, timeout);
}
