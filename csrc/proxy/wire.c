/* wire.c - the bytes between processes: records, and what they are made of. docs/proxy.md has the format.
 *
 * A record is its length, a kind, three numbers, a list of objects, and bytes: values, as the codec
 * writes them for another process, in which objects are named by their places in the list. Whatever bytes come in,
 * a record is read, or it is not one. */
#include "proxy.h"

#define MAX_OBJECTS 100000

/* ---- writing ----------------------------------------------------------------------------- */

static char *varint(char *p, uint64_t n) {
  for (; n > 127; n >>= 7) *p++ = (char)(n | 128);
  *p++ = (char)n;
  return p;
}

static uint64_t whole(lua_State *L, int idx) {
  double x = lua_tonumber(L, idx);
  return x >= 0 && x < 9007199254740992.0 ? (uint64_t)x : 0;
}

/* The numbers of the list at idx: from below 0 on they are the receiver's objects. */
static char *objects(lua_State *L, int idx, char *p, int n) {
  int i;
  for (i = 1; i <= n; i++) {
    double x;
    lua_rawgeti(L, idx, i);
    x = lua_tonumber(L, -1);
    lua_pop(L, 1);
    p = varint(p, x < 0 ? (uint64_t)-x << 1 | 1 : (uint64_t)x << 1);
  }
  return p;
}

/* record = put(kind, a, b, c, objects or nil, bytes or nil) */
static int put(lua_State *L) {
  luv_state *S = luv_enter(L);
  size_t n = 0;
  const char *bytes = lua_tolstring(L, 6, &n);
  int count = lua_istable(L, 5) ? (int)lua_objlen(L, 5) : 0;
  char few[512], *room, *p, *start;
  size_t most = 64 + (size_t)count * 10 + n;
  if (count > MAX_OBJECTS) return luv__error(S, L, "more than %d objects", MAX_OBJECTS);
  room = most <= sizeof few ? few : lua_newuserdata(L, most);
  start = p = room + 10;
  *p++ = (char)lua_tointeger(L, 1);
  p = varint(varint(varint(p, whole(L, 2)), whole(L, 3)), whole(L, 4));
  p = objects(L, 5, varint(p, (uint64_t)count), count);
  if (n) memcpy(p, bytes, n);
  p += n;
  n = (size_t)(p - start);
  most = (size_t)(varint(room, n) - room);
  memmove(start - most, room, most);
  lua_pushlstring(L, start - most, n + most);
  return 1;
}

/* ---- reading ----------------------------------------------------------------------------- */

typedef struct { const unsigned char *p, *end; int bad; } reader;

static uint64_t number(reader *r) {
  uint64_t n = 0;
  int shift;
  for (shift = 0; shift < 56; shift += 7) {
    unsigned char c;
    if (r->p == r->end) break;
    c = *r->p++;
    n |= (uint64_t)(c & 127) << shift;
    if (c < 128) return n;
  }
  r->bad = 1;
  return 0;
}

/* Pushes a list of numbers, or nil for none. */
static void push_objects(lua_State *L, reader *r) {
  uint64_t i, n = number(r);
  if (n > MAX_OBJECTS || n > (uint64_t)(r->end - r->p)) r->bad = 1;
  if (r->bad || n == 0) {
    lua_pushnil(L);
    return;
  }
  lua_createtable(L, (int)n, 0);
  for (i = 1; i <= n; i++) {
    uint64_t x = number(r);
    lua_pushnumber(L, x & 1 ? -(lua_Number)(x >> 1) : (lua_Number)(x >> 1));
    lua_rawseti(L, -2, (int)i);
  }
}

/* next, kind, a, b, c, objects, bytes = get(body, at); nil: what is there is no record. */
static int get(lua_State *L) {
  size_t n, size;
  const char *body = luaL_checklstring(L, 1, &n);
  size_t at = (size_t)lua_tonumber(L, 2);
  reader r = {(const unsigned char *)body + at - 1, (const unsigned char *)body + n, 0};
  luv_enter(L);
  if (at < 1 || at > n) return 0;
  size = (size_t)number(&r);
  if (r.bad || size > (size_t)(r.end - r.p) || size == 0) return 0;
  r.end = r.p + size;
  lua_settop(L, 1);
  lua_pushnumber(L, (lua_Number)((const char *)r.end - body + 1));
  lua_pushinteger(L, *r.p++);
  lua_pushnumber(L, (lua_Number)number(&r));
  lua_pushnumber(L, (lua_Number)number(&r));
  lua_pushnumber(L, (lua_Number)number(&r));
  push_objects(L, &r);
  if (r.bad) return 0;
  lua_pushlstring(L, (const char *)r.p, (size_t)(r.end - r.p));
  return 7;
}

/* ---- values ------------------------------------------------------------------------------ */

/* bytes, objects = encode(copy, ...); nil, why */
static int encode(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_blob b;
  int err;
  luaL_checkstack(L, 12, "luv");
  if (luv__encode_far(S, L, 2, lua_gettop(L) - 1, lua_toboolean(L, 1), &b)) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__proxies(S)->ref_push_blob);
  lua_pushlightuserdata(L, &b);
  err = lua_pcall(L, 1, 1, 0);
  luv__blob_free(&b);
  if (err) return lua_error(L);
  lua_insert(L, -2);
  if (lua_objlen(L, -1)) return 2;
  lua_pop(L, 1);
  return 1;
}

static int push_blob(lua_State *L) {
  luv_blob *b = lua_touserdata(L, 1);
  lua_pushlstring(L, b->p, b->n);
  return 1;
}

/* true, ... = decode(bytes, objects); false, why */
static int decode(lua_State *L) {
  luv_state *S = luv_enter(L);
  size_t n;
  const char *bytes = luaL_checklstring(L, 1, &n);
  int count;
  lua_settop(L, 2);
  if (!lua_istable(L, 2)) {
    lua_newtable(L);
    lua_replace(L, 2);
  }
  luaL_checkstack(L, 12, "luv");
  count = luv__decode_far(S, L, bytes, n, 2);
  lua_pushboolean(L, count >= 0);
  lua_insert(L, 3);
  return lua_gettop(L) - 2;
}

/* ---- proxies of what lives in other processes -------------------------------------------- */

typedef struct { const char *magic; uint32_t spare[4]; } luv_remote;
static const char remote_magic = 0;

int luv__is_remote(lua_State *L, int idx) {
  luv_remote *r = lua_touserdata(L, idx);
  return r && lua_objlen(L, idx) == sizeof *r && r->magic == &remote_magic;
}

/* proxy = make(record, metatable) */
static int make(lua_State *L) {
  luv_remote *r = lua_newuserdata(L, sizeof *r);
  r->magic = &remote_magic;
  lua_pushvalue(L, 1);
  lua_setfenv(L, -2);
  lua_pushvalue(L, 2);
  lua_setmetatable(L, -2);
  return 1;
}

/* record = record(value): nil, if it is no such proxy */
static int record(lua_State *L) {
  if (!luv__is_remote(L, 1)) return 0;
  lua_getfenv(L, 1);
  return 1;
}

/* trace(err, text): the other side's traceback of an error that this fiber has met */
static int keep_trace(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_settop(L, 2);
  luv__proxy_keep_trace(S, L, luv__me(S));
  return 0;
}

/* ---- the part in Lua --------------------------------------------------------------------- */

/* Pushes what is between processes, compiled: it is asked for once in a state, and by few. */
static void compile(lua_State *L) {
  size_t n;
  char *text = luv__go_source("proxy.remote", &n);
  int failed = luaL_loadbuffer(L, text, n, "=luv");
  free(text);
  if (failed) lua_error(L);
}

static const luv_face put_face = {.fn = put}, get_face = {.fn = get}, encode_face = {.fn = encode}, decode_face = {.fn = decode},
                      trace_face = {.fn = keep_trace};

/* Leaves the table of what it gives. */
void luv__remote_push(luv_state *S, lua_State *L) {
  luv_proxies *P = luv__proxies(S);
  luaL_checkstack(L, 16, "luv");
  if (!P->ref_remote) {
    lua_pushcfunction(L, push_blob);
    P->ref_push_blob = luaL_ref(L, LUA_REGISTRYINDEX);
    luv__serve_load(S, L);
    compile(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_module);
    lua_rawgeti(L, LUA_REGISTRYINDEX, P->ref_ops);
    luv__push_face(S, L, &put_face, 0);
    luv__push_face(S, L, &get_face, 0);
    luv__push_face(S, L, &encode_face, 0);
    luv__push_face(S, L, &decode_face, 0);
    lua_pushcfunction(L, make);
    lua_pushcfunction(L, record);
    luv__push_face(S, L, &trace_face, 0);
    lua_call(L, 9, 1);
    P->ref_remote = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, P->ref_remote);
}

/* Calls the part in Lua by that name with what is on L. */
int luv__remote_call(luv_state *S, lua_State *L, const char *name) {
  luv__remote_push(S, L);
  lua_getfield(L, -1, name);
  lua_replace(L, -2);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

int luv_proxy_serve(lua_State *L) { return luv__remote_call(luv_enter(L), L, "serve"); }
int luv_proxy_connect(lua_State *L) { return luv__remote_call(luv_enter(L), L, "connect"); }
