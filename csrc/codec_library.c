/* codec_library.c - what passes by name: the functions and tables of the standard libraries
 * and of luv.
 *
 * They are listed as luv is loaded, so that what a script renames or replaces later is still
 * known, and found under its own name in another state. That is done in each state, also in
 * one that never encodes anything: so it only copies, and the index waits until it is asked
 * for. At a standard name only what is built in counts; a Lua function there is a script's. */
#include "codec_format.h"

static const char *const base[] = {
  "assert", "collectgarbage", "dofile", "error", "gcinfo", "getfenv", "getmetatable", "ipairs",
  "load", "loadfile", "loadstring", "module", "newproxy", "next", "pairs", "pcall", "print",
  "rawequal", "rawget", "rawlen", "rawset", "require", "select", "setfenv", "setmetatable",
  "tonumber", "tostring", "type", "unpack", "xpcall"};

static const char *const standard[] = {
  "string", "table", "math", "io", "os", "debug", "coroutine", "package", "bit", "jit",
  "jit.opt", "jit.util", "ffi"};

static luv_library *open_library(luv_codec_state *c, const char *name) {
  luv_library *lib;
  if (c->nlibs == CODEC_LIBRARIES) abort(); /* a constant number of modules and classes */
  lib = &c->libs[c->nlibs++];
  lib->name = name;
  lib->first = lib->end = c->n + 1;
  return lib;
}

/* Adds the value on top, which it pops, under a name that is on the stack at idx. The list
 * itself lies at `list`. */
static void add(luv_codec_state *c, lua_State *L, int list, int name) {
  c->n++;
  lua_rawseti(L, list, (int)(2 * c->n - 1));
  lua_pushvalue(L, name);
  lua_rawseti(L, list, (int)(2 * c->n));
  c->libs[c->nlibs - 1].end = c->n + 1;
}

/* Is the function on top built in? LuaJIT has some that are written in Lua. */
static int built_in(luv_state *S, lua_State *L) {
  lua_Debug ar;
  if (lua_iscfunction(L, -1)) return 1;
  if (!S->jit) return 0;
  lua_pushvalue(L, -1);
  return lua_getinfo(L, ">S", &ar) && strncmp(ar.source, "=[builtin", 9) == 0;
}

/* Adds the fields of the table on top, which it pops. */
static void add_fields(luv_state *S, lua_State *L, int list, const char *name, int own) {
  int t = lua_gettop(L);
  open_library(S->codec, name);
  lua_pushnil(L);
  while (lua_next(L, t)) {
    int type = lua_type(L, -1);
    if (lua_type(L, -2) == LUA_TSTRING &&
        (type == LUA_TFUNCTION ? own || built_in(S, L) : type == LUA_TUSERDATA))
      add(S->codec, L, list, t + 1);
    else lua_pop(L, 1);
  }
  lua_settop(L, t - 1);
}

static void add_base(luv_state *S, lua_State *L, int list) {
  size_t i;
  open_library(S->codec, "_G");
  for (i = 0; i < sizeof base / sizeof *base; i++) {
    lua_pushstring(L, base[i]);
    lua_pushvalue(L, -1);
    lua_rawget(L, LUA_GLOBALSINDEX);
    if (lua_isfunction(L, -1) && built_in(S, L)) add(S->codec, L, list, lua_gettop(L) - 1);
    else lua_pop(L, 1);
    lua_pop(L, 1);
  }
}

/* Adds the value on top, popped, to the library of what has no library: tables. */
static void add_root(luv_codec_state *c, lua_State *L, int list, const char *name) {
  lua_pushstring(L, name);
  lua_insert(L, -2);
  add(c, L, list, lua_gettop(L) - 1);
  lua_pop(L, 1);
}

static int loaded(lua_State *L, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  if (lua_istable(L, -1)) {
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    lua_remove(L, -2);
  }
  if (lua_istable(L, -1)) return 1;
  lua_pop(L, 1);
  return 0;
}

static void add_tables(luv_codec_state *c, lua_State *L, int list, int luv) {
  static const char *const of_package[] = {"loaded", "loaders", "preload"};
  size_t i;
  open_library(c, "");
  lua_pushvalue(L, LUA_GLOBALSINDEX);
  add_root(c, L, list, "_G");
  for (i = 0; i < sizeof standard / sizeof *standard; i++)
    if (loaded(L, standard[i])) add_root(c, L, list, standard[i]);
  if (loaded(L, "package")) {
    for (i = 0; i < 3; i++) {
      lua_getfield(L, -1, of_package[i]);
      if (lua_istable(L, -1)) add_root(c, L, list, of_package[i]);
      else lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  lua_pushvalue(L, luv);
  add_root(c, L, list, "luv");
}

/* The tables in luv, and what is in them. */
static void add_modules(luv_state *S, lua_State *L, int list, int luv) {
  const char *names[CODEC_LIBRARIES];
  int i, n = 0, top = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, luv)) {
    if (lua_istable(L, -1)) lua_getfield(L, -1, "__name");
    if (lua_type(L, -1) == LUA_TSTRING && lua_istable(L, -2) && n < CODEC_LIBRARIES) {
      names[n++] = lua_tostring(L, -1);
      lua_pushvalue(L, -2);
      add(S->codec, L, list, lua_gettop(L) - 1);
    }
    lua_settop(L, top + 1);
  }
  for (i = 0; i < n; i++) {
    lua_getfield(L, luv, names[i] + 4);
    add_fields(S, L, list, names[i], 1);
  }
}

static int grow_protected(lua_State *L) {
  luaL_checkstack(L, (int)lua_tointeger(L, 1), "too many values");
  return 0;
}

static int ref_function(lua_State *L, lua_CFunction fn) {
  lua_pushcfunction(L, fn);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

static void ref_functions(luv_codec_state *c, lua_State *L) {
  c->ref_encode = ref_function(L, luv__encode_protected);
  c->ref_decode = ref_function(L, luv__decode_protected);
  c->ref_push = ref_function(L, luv__codec_push_blob);
  c->ref_grow = ref_function(L, grow_protected);
}

/* Room for n more values on L; or pushes a message and returns nonzero. Where there is
 * memory to be got, that happens in Lua's protection. */
int luv__grow_stack(luv_state *S, lua_State *L, int n) {
  if (n <= 8) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->codec->ref_grow);
  lua_pushinteger(L, n);
  if (lua_pcall(L, 1, 0, 0)) return 1;
  if (lua_checkstack(L, n)) return 0;
  lua_pushliteral(L, "too many values");
  return 1;
}

/* Called as luv is loaded; its table is on top. */
void luv__codec_open(luv_state *S, lua_State *L) {
  luv_codec_state *c = calloc(1, sizeof *c);
  int list, luv = lua_gettop(L);
  size_t i;
  if (!c) luaL_error(L, "not enough memory");
  S->codec = c;
  lua_createtable(L, 800, 0);
  list = lua_gettop(L);
  add_tables(c, L, list, luv);
  add_modules(S, L, list, luv);
  add_base(S, L, list);
  for (i = 0; i < sizeof standard / sizeof *standard; i++)
    if (loaded(L, standard[i])) add_fields(S, L, list, standard[i], 0);
  lua_pushvalue(L, luv);
  add_fields(S, L, list, "luv", 1);
  c->ref = luaL_ref(L, LUA_REGISTRYINDEX);
  ref_functions(c, L);
}

void luv__codec_close(luv_state *S) {
  if (!S->codec) return;
  free(S->codec->known);
  free(S->codec);
  S->codec = NULL;
}

/* ---- at the first use ------------------------------------------------------------------ */

/* Methods, by the name of their class: they are hidden from scripts, so still as made. */
static void add_classes(luv_state *S, lua_State *L, int list) {
  int id;
  for (id = 0; id < LUV_MAX_CLASSES && luv__class_name(id); id++) {
    if (!S->ref_meta[id]) continue;
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_meta[id]);
    lua_getfield(L, -1, "__index");
    if (lua_isfunction(L, -1) && !lua_getupvalue(L, -1, 2)) lua_pushnil(L);
    if (lua_istable(L, -1)) add_fields(S, L, list, luv__class_name(id), 1);
    lua_settop(L, list);
  }
}

static void index_library(luv_codec_state *c, lua_State *L, int list) {
  uint32_t size = 1024, i, at;
  while (size < c->n * 2) size *= 2;
  free(c->known);
  c->known = calloc(size, sizeof *c->known);
  if (!c->known) luaL_error(L, "not enough memory");
  c->mask = size - 1;
  for (i = 1; i <= c->n; i++) {
    const void *p;
    lua_rawgeti(L, list, (int)(2 * i - 1));
    p = lua_topointer(L, -1);
    lua_pop(L, 1);
    if (luv__library_find(c, p)) continue;
    at = (uint32_t)(((uintptr_t)p >> 4) * 2654435761u) & c->mask;
    while (c->known[at].p) at = (at + 1) & c->mask;
    c->known[at].p = p;
    c->known[at].i = i;
  }
}

/* LuaJIT's ffi is loaded when it is first required, maybe after luv. */
static int add_ffi(luv_state *S, lua_State *L, int list) {
  if (!loaded(L, "ffi")) return 0;
  open_library(S->codec, "");
  lua_pushvalue(L, -1);
  add_root(S->codec, L, list, "ffi");
  add_fields(S, L, list, "ffi", 0);
  return 1;
}

static int library_there(luv_codec_state *c, const char *name) {
  int i;
  for (i = 0; i < c->nlibs; i++)
    if (strcmp(c->libs[i].name, name) == 0) return 1;
  return 0;
}

/* Makes the index, if it is not there. May raise (memory). */
void luv__library_complete(luv_state *S, lua_State *L) {
  luv_codec_state *c = S->codec;
  int list = lua_gettop(L) + 1, more = 0;
  if (c->complete && (!S->jit || c->complete == 2)) return;
  luaL_checkstack(L, 12, NULL);
  lua_rawgeti(L, LUA_REGISTRYINDEX, c->ref);
  if (!c->complete) {
    open_library(c, "");
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_expired);
    add_root(c, L, list, "luv.expired");
    add_classes(S, L, list);
    more = 1;
  }
  if (S->jit && !library_there(c, "ffi")) more |= add_ffi(S, L, list);
  if (more) index_library(c, L, list);
  c->complete = S->jit && library_there(c, "ffi") ? 2 : 1;
  lua_settop(L, list - 1);
}

/* The name of pair i, and of its library. It pushes nothing: the list keeps the string. */
const char *luv__library_name(luv_state *S, lua_State *L, uint32_t i, const char **lib) {
  luv_codec_state *c = S->codec;
  const char *name;
  int k;
  for (k = 0; k < c->nlibs && i >= c->libs[k].end; k++) {}
  *lib = c->libs[k].name;
  lua_rawgeti(L, LUA_REGISTRYINDEX, c->ref);
  lua_rawgeti(L, -1, (int)(2 * i));
  name = lua_tostring(L, -1);
  lua_pop(L, 2);
  return name;
}

static int push_from(luv_codec_state *c, lua_State *L, const luv_library *lib, const char *name, size_t n) {
  uint32_t i;
  size_t len;
  lua_rawgeti(L, LUA_REGISTRYINDEX, c->ref);
  for (i = lib->first; i < lib->end; i++) {
    const char *s;
    lua_rawgeti(L, -1, (int)(2 * i));
    s = lua_tolstring(L, -1, &len);
    lua_pop(L, 1);
    if (len != n || memcmp(s, name, n) != 0) continue;
    lua_rawgeti(L, -1, (int)(2 * i - 1));
    lua_remove(L, -2);
    return 1;
  }
  lua_pop(L, 1);
  return 0;
}

/* Pushes what has that name, or nothing and returns 0. */
int luv__library_push(luv_state *S, lua_State *L, const char *lib, size_t nlib,
                      const char *name, size_t n) {
  luv_codec_state *c = S->codec;
  int i;
  if (S->jit && ((nlib == 3 && memcmp(lib, "ffi", 3) == 0) || (n == 3 && memcmp(name, "ffi", 3) == 0))) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "ffi");
    if (lua_pcall(L, 1, 0, 0)) lua_pop(L, 1);
  }
  luv__library_complete(S, L);
  for (i = 0; i < c->nlibs; i++)
    if (strlen(c->libs[i].name) == nlib && memcmp(c->libs[i].name, lib, nlib) == 0 &&
        push_from(c, L, &c->libs[i], name, n))
      return 1;
  return 0;
}
