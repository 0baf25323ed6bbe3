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

static void *bigger(lua_State *L, void *p, size_t size) {
  p = realloc(p, size);
  if (!p) luaL_error(L, "not enough memory");
  return p;
}

static void add_name(luv_codec_state *c, lua_State *L, const char *name) {
  size_t n = strlen(name) + 1;
  if (c->n == c->cap) {
    c->cap = c->cap ? c->cap * 2 : 512;
    c->names = bigger(L, c->names, c->cap * sizeof *c->names);
  }
  if (c->ntext + n > c->cap_text) {
    c->cap_text = (c->cap_text + n) * 2 + 4096;
    c->text = bigger(L, c->text, c->cap_text);
  }
  memcpy(c->text + c->ntext, name, n);
  c->names[c->n++] = (uint32_t)c->ntext;
  c->ntext += n;
}

/* Adds the value on top, which it pops, to the list at `list`. */
static void add(luv_codec_state *c, lua_State *L, int list, const char *name) {
  add_name(c, L, name);
  lua_rawseti(L, list, (int)c->n);
  c->libs[c->nlibs - 1].end = c->n + 1;
}

/* A function of luv's own, on top, as build.c makes it. The list is at `list`. */
static void library_add(luv_state *S, lua_State *L, int list, const char *module, const char *name) {
  luv_codec_state *c = luv__codec_of(S);
  if (c->nlibs == 0 || strcmp(c->libs[c->nlibs - 1].name, module) != 0) open_library(c, module);
  lua_pushvalue(L, -1);
  add(c, L, list, name);
}

/* A module's table, on top, which is popped: the library "" is that of what has none. */
static void library_add_table(luv_state *S, lua_State *L, int list, const char *module) {
  open_library(luv__codec_of(S), "");
  add(luv__codec_of(S), L, list, module);
}

/* Is the function on top built in? LuaJIT has some that are bytecode: string.len, math.deg,
 * table.remove and so on. They alone begin in no line. */
static int built_in(luv_state *S, lua_State *L) {
  lua_Debug ar;
  if (lua_iscfunction(L, -1)) return 1;
  if (!S->jit) return 0;
  lua_pushvalue(L, -1);
  return lua_getinfo(L, ">S", &ar) && ar.linedefined < 0;
}

/* Adds the fields of the table on top, which it pops. */
static void add_fields(luv_state *S, lua_State *L, int list, const char *name, int own) {
  int t = lua_gettop(L);
  open_library(luv__codec_of(S), name);
  lua_pushnil(L);
  while (lua_next(L, t)) {
    int type = lua_type(L, -1);
    if (lua_type(L, -2) == LUA_TSTRING &&
        (type == LUA_TFUNCTION ? own || built_in(S, L) : type == LUA_TUSERDATA))
      add(luv__codec_of(S), L, list, lua_tostring(L, -2));
    else lua_pop(L, 1);
  }
  lua_settop(L, t - 1);
}

static void add_base(luv_state *S, lua_State *L, int list) {
  size_t i;
  open_library(luv__codec_of(S), "_G");
  for (i = 0; i < sizeof base / sizeof *base; i++) {
    lua_pushstring(L, base[i]);
    lua_rawget(L, LUA_GLOBALSINDEX);
    if (lua_isfunction(L, -1) && built_in(S, L)) add(luv__codec_of(S), L, list, base[i]);
    else lua_pop(L, 1);
  }
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
  add(c, L, list, "_G");
  for (i = 0; i < sizeof standard / sizeof *standard; i++)
    if (loaded(L, standard[i])) add(c, L, list, standard[i]);
  if (loaded(L, "package")) {
    for (i = 0; i < 3; i++) {
      lua_getfield(L, -1, of_package[i]);
      if (lua_istable(L, -1)) add(c, L, list, of_package[i]);
      else lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  lua_pushvalue(L, luv);
  add(c, L, list, "luv");
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
  lua_pushliteral(L, "__codec");
  c->ref_hook = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Room for n more values on L; or pushes a message and returns nonzero. Where there is
 * memory to be got, that happens in Lua's protection. */
int luv__grow_stack(luv_state *S, lua_State *L, int n) {
  if (n <= 8) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__codec_of(S)->ref_grow);
  lua_pushinteger(L, n);
  if (lua_pcall(L, 1, 0, 0)) return 1;
  if (lua_checkstack(L, n)) return 0;
  lua_pushliteral(L, "too many values");
  return 1;
}

/* Before luv's tables are made: leaves the list on L. */
static void begin(luv_state *S, lua_State *L) {
  lua_createtable(L, S->lazy ? 200 : 400, 0);
}

/* When they are made: luv is on top, above the list, which is removed. */
static void end(luv_state *S, lua_State *L) {
  luv_codec_state *c = luv__codec_of(S);
  int luv = lua_gettop(L), list = luv - 1;
  size_t i;
  add_base(S, L, list);
  for (i = 0; i < sizeof standard / sizeof *standard; i++)
    if (loaded(L, standard[i])) add_fields(S, L, list, standard[i], 0);
  add_tables(c, L, list, luv);
  lua_pushvalue(L, list);
  c->ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_remove(L, list);
  ref_functions(c, L);
}

void luv__codec_close(luv_state *S) {
  free(luv__codec_of(S)->known);
  free(luv__codec_of(S)->names);
  free(luv__codec_of(S)->text);
}

/* ---- at the first use ------------------------------------------------------------------ */

/* The function on top is an __index: pushes the table that it looks into first. */
static void push_methods(lua_State *L) {
  int i;
  for (i = 1; i <= 2 && lua_getupvalue(L, -1, i); i++) {
    if (lua_istable(L, -1)) return;
    lua_pop(L, 1);
  }
}

/* Methods, by the name of their class: they are hidden from scripts, so still as made. */
static void add_classes(luv_state *S, lua_State *L, int list) {
  int id;
  for (id = 0; id < luv__nclasses(); id++) {
    luv__push_meta(S, L, id);
    lua_getfield(L, -1, "__index");
    if (lua_isfunction(L, -1)) push_methods(L);
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
    lua_rawgeti(L, list, (int)i);
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
  open_library(luv__codec_of(S), "");
  lua_pushvalue(L, -1);
  add(luv__codec_of(S), L, list, "ffi");
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
  luv_codec_state *c = luv__codec_of(S);
  int list = lua_gettop(L) + 1, more = 0;
  if (c->complete && (!S->jit || c->complete == 2)) return;
  luaL_checkstack(L, 12, NULL);
  lua_rawgeti(L, LUA_REGISTRYINDEX, c->ref);
  if (!c->complete) {
    open_library(c, "");
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_expired);
    add(c, L, list, "luv.expired");
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_module);
    luv__build_rest(S, L, list);
    lua_pop(L, 1);
    add_classes(S, L, list);
    more = 1;
  }
  if (S->jit && !library_there(c, "ffi")) more |= add_ffi(S, L, list);
  if (more) index_library(c, L, list);
  c->complete = S->jit && library_there(c, "ffi") ? 2 : 1;
  lua_settop(L, list - 1);
}

/* The name of value i, and of its library. */
const char *luv__library_name(const luv_codec_state *c, uint32_t i, const char **lib) {
  int k;
  for (k = 0; k < c->nlibs && i >= c->libs[k].end; k++) {}
  *lib = c->libs[k].name;
  return c->text + c->names[i - 1];
}

static int push_from(luv_codec_state *c, lua_State *L, const luv_library *lib, const char *name, size_t n) {
  uint32_t i;
  for (i = lib->first; i < lib->end; i++) {
    const char *s = c->text + c->names[i - 1];
    if (strlen(s) != n || memcmp(s, name, n) != 0) continue;
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->ref);
    lua_rawgeti(L, -1, (int)i);
    lua_remove(L, -2);
    return 1;
  }
  return 0;
}

static int push_named(luv_codec_state *c, lua_State *L, const char *lib, size_t nlib, const char *name, size_t n) {
  int i;
  for (i = 0; i < c->nlibs; i++)
    if (strlen(c->libs[i].name) == nlib && memcmp(c->libs[i].name, lib, nlib) == 0 &&
        push_from(c, L, &c->libs[i], name, n))
      return 1;
  return 0;
}

/* What luv makes when it is named: a function of its own, a module, or what is in one. */
static int push_late(luv_state *S, lua_State *L, const char *lib, size_t nlib, const char *name, size_t n) {
  if (nlib == 3 && memcmp(lib, "luv", 3) == 0) return luv__push_field(S, L, name, n);
  if (nlib == 0 && n > 4 && memcmp(name, "luv.", 4) == 0) return luv__push_field(S, L, name + 4, n - 4);
  if (nlib <= 4 || memcmp(lib, "luv.", 4) != 0 || !luv__push_field(S, L, lib + 4, nlib - 4)) return 0;
  lua_pop(L, 1);
  return push_named(luv__codec_of(S), L, lib, nlib, name, n);
}

static void push_list(luv_state *S, lua_State *L) { lua_rawgeti(L, LUA_REGISTRYINDEX, luv__codec_of(S)->ref); }

/* Pushes what has that name, or nothing and returns 0. */
int luv__library_push(luv_state *S, lua_State *L, const char *lib, size_t nlib,
                      const char *name, size_t n) {
  luv_codec_state *c = luv__codec_of(S);
  if (S->jit && ((nlib == 3 && memcmp(lib, "ffi", 3) == 0) || (n == 3 && memcmp(name, "ffi", 3) == 0))) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "ffi");
    if (lua_pcall(L, 1, 0, 0)) lua_pop(L, 1);
  }
  if (push_named(c, L, lib, nlib, name, n) || push_late(S, L, lib, nlib, name, n)) return 1;
  luv__library_complete(S, L);
  return push_named(c, L, lib, nlib, name, n);
}

const luv_namer luv__codec_namer = {begin, library_add, library_add_table, end, push_list};
