/* error.c - the two doors of errors on the C side: nil, "NAME: text", "NAME" for what
 * the world does, a raised message for a mistake in the program. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include "luv.h"

/* Errors of file systems that this libuv has no names for. */
static const struct { int err; const char *name, *text; } more[] = {
  {EDQUOT, "EDQUOT", "disk quota exceeded"},
  {ESTALE, "ESTALE", "stale file handle"},
  {EUCLEAN, "EUCLEAN", "structure needs cleaning"},
  {EBADMSG, "EBADMSG", "bad message"},
  {ENOMEDIUM, "ENOMEDIUM", "no medium found"},
  {EMEDIUMTYPE, "EMEDIUMTYPE", "wrong medium type"},
  {EDEADLK, "EDEADLK", "resource deadlock avoided"},
  {ENOLCK, "ENOLCK", "no locks available"},
  {-LUV_ECERT, "ECERT", "the peer's certificate is not accepted"},
  {-LUV_ETLS, "ETLS", "the TLS protocol has failed"},
  {-LUV_ETRUNCATED, "ETRUNCATED", "the stream has ended without TLS's close_notify"},
};

static int find(int err) {
  int i = (int)(sizeof more / sizeof *more);
  while (i-- > 0 && more[i].err != -err) {}
  return i;
}

void luv__errno_name(int err, char *to, size_t n) {
  int i = find(err);
  if (i < 0) uv_err_name_r(err, to, n);
  else snprintf(to, n, "%s", more[i].name);
}

void luv__errno_text(int err, char *to, size_t n) {
  int i = find(err);
  if (i < 0) uv_strerror_r(err, to, n);
  else snprintf(to, n, "%s", more[i].text);
}

/* What is known of an error beside its number, by the object at 1. */
static const char *detail(lua_State *L, int err) {
  luv_box *b = err <= LUV_ECERT && err >= LUV_ETRUNCATED ? luv__anybox(L, 1) : NULL;
  luv_class *c = b && b->o ? luv__classes[b->class_id] : NULL;
  return c && c->why ? c->why(b->o, err) : NULL;
}

/* nil, "NAME: text", "NAME" */
int luv__fail(lua_State *L, int err) { return luv__fail_of(L, L, err); }

int luv__fail_of(lua_State *W, lua_State *L, int err) {
  const char *more = detail(L, err);
  char text[128], name[32];
  luv__errno_text(err, text, sizeof text);
  luv__errno_name(err, name, sizeof name);
  if (err == UV_EOF) strcpy(text, "end of file");
  if (luv__given.error_name(err)) {
    snprintf(name, sizeof name, "%s", luv__given.error_name(err));
    snprintf(text, sizeof text, "%s", luv__given.error_text(err));
  }
  lua_pushnil(W);
  lua_pushfstring(W, "%s: %s", name, more ? more : text);
  lua_pushstring(W, name);
  return 3;
}

/* nil, "NAME: text: path", "NAME" */
int luv__fail_about(lua_State *L, int err, const char *path, const char *path2) {
  luv__fail(L, err);
  if (!path) return 3;
  lua_pushvalue(L, -2);
  lua_pushliteral(L, ": ");
  lua_pushstring(L, path);
  if (path2) {
    lua_pushliteral(L, " -> ");
    lua_pushstring(L, path2);
  }
  lua_concat(L, path2 ? 5 : 3);
  lua_replace(L, -3);
  return 3;
}

/* Pushes on W "file:line: " of who called the face that L is in; "" when that was C. A
 * function of luv's own between the two (wrap.c) does not count. */
void luv__where(lua_State *L, lua_State *W) {
  lua_Debug ar;
  int level = 1;
  if (lua_getstack(L, 1, &ar) && lua_getinfo(L, "S", &ar) && strcmp(ar.source, "=luv") == 0)
    level = 2;
  if (lua_getstack(L, level, &ar) && lua_getinfo(L, "Sl", &ar) && ar.currentline > 0)
    lua_pushfstring(W, "%s:%d: ", ar.short_src, ar.currentline);
  else lua_pushliteral(W, "");
}

int luv__error(luv_state *S, lua_State *L, const char *fmt, ...) {
  va_list ap;
  (void)S;
  luv__where(L, L);
  va_start(ap, fmt);
  lua_pushvfstring(L, fmt, ap);
  va_end(ap);
  lua_concat(L, 2);
  return lua_error(L);
}

/* Raises "bad argument #arg to 'fname' (msg)"; arg 0 is the object of a method call. */
int luv__arg_error(luv_state *S, lua_State *L, int arg, const char *fname,
                   const char *msg) {
  if (arg == 0) return luv__error(S, L, "calling '%s' on bad self (%s)", fname, msg);
  return luv__error(S, L, "bad argument #%d to '%s' (%s)", arg, fname, msg);
}

/* The type of a value as an error message names it: an object by its class. */
static const char *type_name(lua_State *L, int idx) {
  if (luaL_getmetafield(L, idx, "__name") && lua_isstring(L, -1))
    return lua_tostring(L, -1);
  return lua_isnone(L, idx) ? "no value" : luaL_typename(L, idx);
}

int luv__type_error(luv_state *S, lua_State *L, int idx, int arg, const char *fname,
                    const char *expected) {
  const char *msg;
  msg = lua_pushfstring(L, "%s expected, got %s", expected, type_name(L, idx));
  return luv__arg_error(S, L, arg, fname, msg);
}

void luv__surplus(luv_state *S, lua_State *L, int idx, int arg, const char *fname) {
  for (; idx <= lua_gettop(L); idx++, arg++)
    if (!lua_isnil(L, idx)) luv__type_error(S, L, idx, arg, fname, "no more arguments");
}

/* It is the last argument; but where idx is 1 (luv.timeout), or not the caller's (luv.select). */
double luv__opt_timeout(luv_state *S, lua_State *L, int idx, int arg,
                        const char *fname) {
  double t;
  if (idx > 1) luv__last(S, L, idx, arg, fname);
  if (LUV_LIKELY(lua_isnoneornil(L, idx))) return LUV_NO_TIMEOUT;
  if (lua_type(L, idx) != LUA_TNUMBER)
    luv__type_error(S, L, idx, arg, fname, "number");
  t = lua_tonumber(L, idx);
  if (!(t >= 0)) luv__arg_error(S, L, arg, fname, "seconds of 0 or more expected");
  return isinf(t) ? LUV_NO_TIMEOUT : t;
}

/* Is the value at idx a cancellation, or the unwinding of a luv.timeout? */
int luv__is_cancelled(luv_state *S, lua_State *L, int idx) {
  int is;
  if (!lua_istable(L, idx) || !lua_getmetatable(L, idx)) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_cancelled);
  is = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is;
}

/* yes, reason = luv.cancelled(err) */
int luv_cancelled(lua_State *L) {
  luv_state *S = luv_enter(L);
  int is = luv__is_cancelled(S, L, 1);
  lua_pushboolean(L, is);
  if (!is) return 1;
  lua_pushliteral(L, "reason");
  lua_rawget(L, 1);
  return 2;
}

/* __tostring of the cancellation */
int luv_cancelled_tostring(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv__push_expired(S, L);
  if (lua_rawequal(L, 1, -1)) {
    lua_pushliteral(L, "ETIMEDOUT: connection timed out");
    return 1;
  }
  lua_getfield(L, 1, "reason");
  if (lua_isstring(L, -1)) lua_pushfstring(L, "cancelled: %s", lua_tostring(L, -1));
  else lua_pushliteral(L, "cancelled");
  return 1;
}
