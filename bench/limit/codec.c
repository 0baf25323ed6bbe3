/* codec.c - the limit of luv.codec: a flat walk in C over the same values.
 *
 *   codec  prints "records_encode N records_decode N deep_encode N deep_decode N
 *          string_encode N string_decode N": CPU microseconds
 *
 * The same three values as bench/codec.lua, made by the same script. The one rule: what any
 * codec over the Lua API has to do and nothing else. It keeps no cycles and no shared
 * tables, knows no functions and no metatables, recurses, trusts its input, and writes
 * lengths of four bytes. It is called from Lua, as luv is, and returns a string. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

enum { NIL, FALSE, TRUE, NUMBER, STRING, TABLE };

typedef struct { char *p; size_t n, cap; } buffer;

static char *room(buffer *b, size_t n) {
  if (b->cap - b->n < n) {
    b->cap = (b->n + n) * 2;
    b->p = realloc(b->p, b->cap);
    if (!b->p) abort();
  }
  return b->p + b->n;
}

static void put(buffer *b, int tag, const void *p, size_t n) {
  char *to = room(b, n + 1);
  *to = (char)tag;
  memcpy(to + 1, p, n);
  b->n += n + 1;
}

static void write_value(lua_State *L, buffer *b, int idx);

static void write_string(lua_State *L, buffer *b, int idx) {
  size_t n;
  const char *s = lua_tolstring(L, idx, &n);
  uint32_t len = (uint32_t)n;
  put(b, STRING, &len, 4);
  memcpy(room(b, n), s, n);
  b->n += n;
}

static void write_table(lua_State *L, buffer *b, int t) {
  uint32_t count[2] = {0, 0};
  size_t at = b->n;
  luaL_checkstack(L, 4, NULL);
  put(b, TABLE, count, 8);
  lua_pushnil(L);
  while (lua_next(L, t)) {
    if (!count[1] && lua_type(L, -2) == LUA_TNUMBER && lua_tonumber(L, -2) == count[0] + 1) {
      count[0]++;
    } else {
      count[1]++;
      write_value(L, b, t + 1);
    }
    write_value(L, b, t + 2);
    lua_pop(L, 1);
  }
  memcpy(b->p + at + 1, count, 8);
}

static void write_value(lua_State *L, buffer *b, int idx) {
  lua_Number n;
  switch (lua_type(L, idx)) {
    case LUA_TNIL: put(b, NIL, "", 0); break;
    case LUA_TBOOLEAN: put(b, lua_toboolean(L, idx) ? TRUE : FALSE, "", 0); break;
    case LUA_TNUMBER: n = lua_tonumber(L, idx); put(b, NUMBER, &n, sizeof n); break;
    case LUA_TSTRING: write_string(L, b, idx); break;
    case LUA_TTABLE: write_table(L, b, idx); break;
    default: luaL_error(L, "cannot write this");
  }
}

static int encode(lua_State *L) {
  buffer b = {malloc(256), 0, 256};
  write_value(L, &b, 1);
  lua_pushlstring(L, b.p, b.n);
  free(b.p);
  return 1;
}

static const char *read_value(lua_State *L, const char *p);

static const char *read_table(lua_State *L, const char *p) {
  uint32_t count[2], i;
  memcpy(count, p, 8);
  p += 8;
  luaL_checkstack(L, 4, NULL);
  lua_createtable(L, (int)count[0], (int)count[1]);
  for (i = 1; i <= count[0]; i++) {
    p = read_value(L, p);
    lua_rawseti(L, -2, (int)i);
  }
  for (i = 0; i < count[1]; i++) {
    p = read_value(L, p);
    p = read_value(L, p);
    lua_rawset(L, -3);
  }
  return p;
}

static const char *read_value(lua_State *L, const char *p) {
  uint32_t n;
  lua_Number d;
  switch (*p++) {
    case NIL: lua_pushnil(L); return p;
    case FALSE: lua_pushboolean(L, 0); return p;
    case TRUE: lua_pushboolean(L, 1); return p;
    case NUMBER: memcpy(&d, p, sizeof d); lua_pushnumber(L, d); return p + sizeof d;
    case STRING: memcpy(&n, p, 4); lua_pushlstring(L, p + 4, n); return p + 4 + n;
    default: return read_table(L, p);
  }
}

static int decode(lua_State *L) {
  read_value(L, lua_tostring(L, 1));
  return 1;
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  lua_newtable(L);
  lua_pushcfunction(L, encode);
  lua_setfield(L, -2, "encode");
  lua_pushcfunction(L, decode);
  lua_setfield(L, -2, "decode");
  lua_setglobal(L, "codec");
  if (argc != 2 || luaL_dofile(L, argv[1])) {
    fprintf(stderr, "codec: %s\n", argc == 2 ? lua_tostring(L, -1) : "usage: codec codec.lua");
    return 1;
  }
  return 0;
}
