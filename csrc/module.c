/* module.c - what Lua can name: the tables that Go registers, built for each state.
 *
 * Registration happens once per process, when the first state opens; building runs in
 * Lua's protection, so no error crosses Go. A class's methods and metatable come from
 * the same list as a module's functions: its owner is the class. */
#include "luv.h"
#include <stdio.h>
#include "faces.h"

typedef struct {
  char *owner, *name;
  const char *text; /* of a string constant */
  double number;    /* of a number constant; or Go's function number */
  lua_CFunction face;
  int waits, constant;
  int both;         /* a face that leaves some of its calls to Go's function */
} entry;

static entry *entries;
static int nentries, cap;
static const char *classes[LUV_MAX_CLASSES] = {
  [LUV_CLASS_FIBER] = "luv.fiber", [LUV_CLASS_TIMER] = "luv.timer",
  [LUV_CLASS_TCP] = "luv.tcp",     [LUV_CLASS_PIPE] = "luv.pipe",
  [LUV_CLASS_TTY] = "luv.tty",     [LUV_CLASS_COND] = "luv.cond",
  [LUV_CLASS_THREAD] = "luv.thread", [LUV_CLASS_ZMQ] = "luv.zmq.socket",
  [LUV_CLASS_ZMQ_MONITOR] = "luv.zmq.monitor",
  [LUV_CLASS_THREAD_CHAN] = "luv.thread.chan", [LUV_CLASS_THREAD_POOL] = "luv.thread.pool",
  [LUV_CLASS_FILE] = "luv.file", [LUV_CLASS_DIR] = "luv.dir",
  [LUV_CLASS_FS_EVENT] = "luv.fs.event", [LUV_CLASS_FS_POLL] = "luv.fs.poller",
  [LUV_CLASS_CHAN] = "luv.chan", [LUV_CLASS_MUTEX] = "luv.mutex",
  [LUV_CLASS_SEMAPHORE] = "luv.semaphore", [LUV_CLASS_WAITGROUP] = "luv.waitgroup",
  [LUV_CLASS_EVENT] = "luv.event", [LUV_CLASS_SCOPE] = "luv.scope",
  [LUV_CLASS_UDP] = "luv.udp", [LUV_CLASS_POLL] = "luv.poll",
  [LUV_CLASS_STDIO] = "luv.stdio",
  [LUV_CLASS_SIGNAL] = "luv.signal", [LUV_CLASS_PROCESS] = "luv.process",
};
static int nclasses = LUV_CLASS_OTHER;

#define DECLARE(name, ...) int luv_##name(lua_State *L);
LUV_FACES(DECLARE)

static const struct { const char *name; lua_CFunction fn; int waits; } faces[] = {
#define ROW(name, waits, ...) {#name, luv_##name, waits},
  LUV_FACES(ROW)
};

int luv__can_wait(lua_CFunction fn) {
  size_t i;
  if (fn == luv_trampoline || fn == luv__next_line || fn == luv__next_value ||
      fn == luv__chan_next || fn == luv__scope_wait || fn == luv__call_wrapped) return 1;
  for (i = 0; i < sizeof faces / sizeof *faces; i++)
    if (faces[i].fn == fn) return faces[i].waits || fn == luv_fiber_yield || fn == luv_co_yield;
  return 0;
}

static entry *add_row(char *owner, char *name) {
  entry *e;
  if (nentries == cap) {
    cap = cap ? cap * 2 : 256;
    entries = realloc(entries, (size_t)cap * sizeof *entries);
    if (!entries) abort(); /* while the process loads its first module */
  }
  e = &entries[nentries++];
  memset(e, 0, sizeof *e);
  e->owner = owner;
  e->name = name;
  return e;
}

static entry *add(const char *owner, const char *name) { return add_row(strdup(owner), strdup(name)); }

void luv__register(const char *owner, const char *name, const char *face, int number,
                   int waits) {
  entry *e = add(owner, name);
  size_t i;
  e->number = number;
  e->waits = waits;
  e->face = luv_trampoline;
  if (!face) return;
  for (i = 0; i < sizeof faces / sizeof *faces; i++) {
    if (strcmp(faces[i].name, face) != 0) continue;
    e->face = faces[i].fn;
    e->both = waits;
    e->waits = faces[i].waits;
    return;
  }
  fprintf(stderr, "luv: no face '%s' for %s.%s\n", face, owner, name);
  abort();
}

void luv__register_constant(const char *module, const char *name, const char *s, double n) {
  entry *e = add(module, name);
  e->constant = 1;
  e->number = n;
  if (s) e->text = strdup(s);
}

void luv__register_numbers(const char *module, const char *names, size_t size,
                           const double *numbers, int n) {
  char *owner = strdup(module), *name = malloc(size);
  int i;
  if (!owner || !name) abort();
  memcpy(name, names, size);
  for (i = 0; i < n; i++, name += strlen(name) + 1) {
    entry *e = add_row(owner, name);
    e->constant = 1;
    e->number = numbers[i];
  }
}

int luv__register_class(const char *name) {
  int i;
  for (i = 0; i < nclasses; i++)
    if (strcmp(classes[i], name) == 0) return i;
  if (nclasses == LUV_MAX_CLASSES) abort();
  classes[nclasses] = strdup(name);
  return nclasses++;
}

const char *luv__class_name(int class_id) { return classes[class_id]; }

/* ---- building ------------------------------------------------------------------------ */

static void push_entry(luv_state *S, lua_State *L, entry *e, int class_id) {
  if (e->constant) {
    if (e->text) lua_pushstring(L, e->text);
    else lua_pushnumber(L, e->number);
    return;
  }
  lua_pushlightuserdata(L, S);
  lua_pushinteger(L, e->face == luv_trampoline || e->both ? (int)e->number : class_id);
  lua_pushcclosure(L, e->face, 2);
  if (e->waits) luv__wrap_suspending(S, L);
  if (e->waits && strcmp(e->owner, "luv.process") == 0 && strcmp(e->name, "run") == 0) luv__wrap_run(S, L);
}

/* Sets what belongs to `owner` in the table on top. */
static void fill(luv_state *S, lua_State *L, const char *owner, int class_id) {
  int i;
  for (i = 0; i < nentries; i++) {
    if (strcmp(entries[i].owner, owner) != 0) continue;
    push_entry(S, L, &entries[i], class_id);
    lua_setfield(L, -2, entries[i].name);
  }
}

static void set_face(luv_state *S, lua_State *L, lua_CFunction fn, int class_id,
                     const char *name) {
  lua_pushlightuserdata(L, S);
  lua_pushinteger(L, class_id);
  lua_pushcclosure(L, fn, 2);
  lua_setfield(L, -2, name);
}

/* Moves a metamethod from the methods, on top, to the metatable below them. */
static void lift(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return;
  }
  lua_setfield(L, -3, name);
  lua_pushnil(L);
  lua_setfield(L, -2, name);
}

/* Registry: the class's metatable. Its __metatable hides it from scripts. */
static void build_class(luv_state *S, lua_State *L, int id) {
  char owner[64];
  snprintf(owner, sizeof owner, "class %s", classes[id]);
  lua_newtable(L);
  lua_pushstring(L, classes[id]);
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, classes[id]);
  lua_setfield(L, -2, "__metatable");
  if (id != LUV_CLASS_FIBER) set_face(S, L, luv_object_gc, id, "__gc");
  set_face(S, L, luv_object_tostring, id, "__tostring");
  if (id == LUV_CLASS_FIBER) lua_pushlightuserdata(L, S);
  lua_newtable(L);
  fill(S, L, owner, id);
  lift(L, "__newindex");
  lift(L, "__len");
  if (id == LUV_CLASS_ZMQ) luv__zmq_index(S, L);
  if (id == LUV_CLASS_FIBER) lua_pushcclosure(L, luv_fiber_index, 2);
  if (id == LUV_CLASS_PROCESS) {
    lua_pushlightuserdata(L, S);
    lua_insert(L, -2);
    lua_pushcclosure(L, luv__process_index, 2);
  }
  lua_setfield(L, -2, "__index");
  S->metas[id] = lua_topointer(L, -1);
  S->ref_meta[id] = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pushes the metatable of a class, made when it is first asked for: most scripts use few of
 * the classes. May raise (memory). */
void luv__push_meta(luv_state *S, lua_State *L, int id) {
  luaL_checkstack(L, 8, "luv");
  if (LUV_UNLIKELY(!S->ref_meta[id])) build_class(S, L, id);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_meta[id]);
}

/* The table for module "luv.a" is field a of luv, made when first named. */
static void push_module(lua_State *L, const char *owner) {
  const char *dot = strchr(owner, '.');
  lua_pushvalue(L, -1);
  if (!dot) return;
  lua_getfield(L, -1, dot + 1);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushstring(L, owner);
    lua_setfield(L, -2, "__name");
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, dot + 1);
  }
  lua_remove(L, -2);
}

/* "LuaJIT 2.1.0-beta3" or "Lua 5.1" */
static void push_lua_version(luv_state *S, lua_State *L) {
  lua_getglobal(L, S->jit ? "jit" : "_VERSION");
  if (!lua_istable(L, -1)) return;
  lua_getfield(L, -1, "version");
  lua_remove(L, -2);
}

/* On LuaJIT the native pcall, xpcall and coroutine.create do what ours do, faster. */
static void use_native(luv_state *S, lua_State *L) {
  lua_getfield(L, -1, "coroutine");
  lua_getglobal(L, "coroutine");
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "yield");
    S->native_yield = lua_tocfunction(L, -1);
    if (lua_isfunction(L, -1)) lua_setfield(L, -3, "yield");
    else lua_pop(L, 1);
  }
  lua_pop(L, 2);
  lua_getfield(L, -1, "versions");
  push_lua_version(S, L);
  lua_setfield(L, -2, "lua");
  lua_pop(L, 1);
  if (!S->jit) return;
  lua_getglobal(L, "pcall");
  lua_setfield(L, -2, "pcall");
  lua_getglobal(L, "xpcall");
  lua_setfield(L, -2, "xpcall");
}

/* The codec's list of functions is on top of L. */
void luv__build(luv_state *S, lua_State *L) {
  int i, list = lua_gettop(L);
  build_class(S, L, LUV_CLASS_FIBER);
  lua_newtable(L);
  for (i = 0; i < nentries; i++) {
    if (strncmp(entries[i].owner, "class ", 6) == 0) continue;
    push_module(L, entries[i].owner);
    push_entry(S, L, &entries[i], 0);
    if (!entries[i].constant) luv__library_add(S, L, list, entries[i].owner, entries[i].name);
    lua_setfield(L, -2, entries[i].name);
    lua_pop(L, 1);
  }
  use_native(S, L);
}
