/* codec.c - luv.codec: what a script sees of the codec. */
#include "codec_format.h"

/* In protection: the blob is to be freed whatever comes. */
int luv__codec_push_blob(lua_State *L) {
  luv_blob *b = lua_touserdata(L, 1);
  lua_pushlstring(L, b->p, b->n);
  return 1;
}

int luv__encode_error(luv_state *S, lua_State *L, const char *what) {
  if (lua_type(L, -1) != LUA_TSTRING) return lua_error(L);
  return luv__error(S, L, "cannot %s %s", what, lua_tostring(L, -1));
}

/* s = luv.codec.encode(...) */
int luv_codec_encode(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_blob b;
  int err, n = lua_gettop(L);
  luaL_checkstack(L, 10, NULL);
  if (luv__encode(S, L, 1, n, LUV_CODEC_TAKE, &b)) return luv__encode_error(S, L, "encode");
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__codec_of(S)->ref_push);
  lua_pushlightuserdata(L, &b);
  err = lua_pcall(L, 1, 1, 0); /* a string holds no references: they are dropped */
  luv__blob_free(&b);
  return err ? lua_error(L) : 1;
}

/* ---- decode ---------------------------------------------------------------------------- */

static int bad_option(luv_state *S, lua_State *L, const char *name, const char *expected) {
  return luv__arg_error(S, L, 2, "decode", lua_pushfstring(L, "%s: %s expected", name, expected));
}

static size_t limit(luv_state *S, lua_State *L, const char *name) {
  double n = lua_tonumber(L, -1);
  if (lua_type(L, -1) != LUA_TNUMBER || !(n >= 0)) bad_option(S, L, name, "a number of 0 or more");
  return n > 1e15 ? (size_t)1e15 : (size_t)n;
}

/* The option on top, below it its name. Leaves a table of hooks where it is. */
static void option(luv_state *S, lua_State *L, const char *name, luv_decoding *how, size_t *size) {
  if (strcmp(name, "functions") == 0) {
    if (lua_type(L, -1) != LUA_TBOOLEAN) bad_option(S, L, name, "true or false");
    how->flags |= lua_toboolean(L, -1) ? LUV_CODEC_FUNCTIONS : LUV_CODEC_NO_FUNCTIONS;
  } else if (strcmp(name, "depth") == 0) {
    how->depth = limit(S, L, name);
  } else if (strcmp(name, "size") == 0) {
    *size = limit(S, L, name);
  } else if (strcmp(name, "hooks") == 0) {
    if (!lua_istable(L, -1)) bad_option(S, L, name, "a table of functions");
    lua_pushvalue(L, -1);
    lua_replace(L, 3);
    how->hooks = 3;
  } else luv__arg_error(S, L, 2, "decode", lua_pushfstring(L, "no option is called '%s'", name));
}

static void options(luv_state *S, lua_State *L, luv_decoding *how, size_t *size) {
  lua_settop(L, 3); /* the string, the options, the hooks */
  if (lua_isnil(L, 2)) return;
  if (!lua_istable(L, 2)) luv__type_error(S, L, 2, 2, "decode", "table");
  lua_pushnil(L);
  while (lua_next(L, 2)) {
    if (lua_type(L, -2) != LUA_TSTRING) luv__arg_error(S, L, 2, "decode", "options have names");
    option(S, L, lua_tostring(L, -2), how, size);
    lua_pop(L, 1);
  }
}

/* nil, message, code: the code is what the message begins with. */
static int failed(lua_State *L) {
  const char *msg = lua_tostring(L, -1), *colon = msg ? strchr(msg, ':') : NULL;
  size_t n = colon ? (size_t)(colon - msg) : 0;
  if (n == 0 || n > 20 || strspn(msg, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != n) return luv__fail(L, UV_ENOMEM);
  lua_pushnil(L);
  lua_insert(L, -2);
  lua_pushlstring(L, msg, n);
  return 3;
}

static int decode(luv_state *S, lua_State *L, const luv_decoding *how, size_t size) {
  size_t n;
  const char *s = lua_tolstring(L, 1, &n);
  int results;
  if (n > size) {
    lua_pushfstring(L, "EMSGSIZE: message too long: %f bytes", (lua_Number)n);
    return failed(L);
  }
  results = luv__decode_with(S, L, s, n, how);
  return results < 0 ? failed(L) : results;
}

/* ... = luv.codec.decode(s[, {functions, depth, size, hooks}]) */
int luv_codec_decode(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_decoding how = {0, CODEC_DEPTH, 0, 0};
  size_t size = SIZE_MAX;
  if (lua_type(L, 1) != LUA_TSTRING) return luv__type_error(S, L, 1, 1, "decode", "string");
  options(S, L, &how, &size);
  return decode(S, L, &how, size);
}
