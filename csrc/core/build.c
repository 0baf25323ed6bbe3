/* build.c - the tables of a state: classes and modules, of what module.c has on its list.
 *
 * All of it runs in Lua's protection, so no error crosses Go. A class's methods and metatable
 * come from the same list as a module's functions: its owner is the class. Classes are made
 * when the first object is; so are, in a thread of luv's, the modules and the functions of
 * luv itself when they are first named: most threads use few, and all of them would be half
 * of what a thread takes. Elsewhere they are there from the start, for pairs(luv) to show. */
#include "luv.h"
#include "module.h"

/* ---- classes ------------------------------------------------------------------------------ */

/* What a script has taken away is nil. */
static void push_native(lua_State *L, const char *path) {
  const char *dot = strchr(path, '.');
  if (!dot) {
    lua_getglobal(L, path);
    return;
  }
  lua_pushlstring(L, path, (size_t)(dot - path));
  lua_rawget(L, LUA_GLOBALSINDEX);
  if (lua_istable(L, -1)) lua_getfield(L, -1, dot + 1);
  else lua_pushnil(L);
  lua_remove(L, -2);
}

/* Upvalue 3 is its row. */
static int counted(lua_State *L) {
  const luv_entry *e = lua_touserdata(L, lua_upvalueindex(3));
  if (LUV_UNLIKELY(lua_gettop(L) > e->args)) luv__last(luv_enter(L), L, e->args, e->args - e->method, e->name);
  return e->face->fn(L);
}

/* A face or a function of Go's; before those that do not count their arguments comes one that does. */
static void push_function(luv_state *S, lua_State *L, luv_entry *e, int class_id) {
  lua_pushlightuserdata(L, S);
  lua_pushinteger(L, e->face->fn == luv_trampoline || e->both ? (int)e->number : class_id);
  if (e->args < 0) lua_pushcclosure(L, e->face->fn, 2);
  else {
    lua_pushlightuserdata(L, e);
    lua_pushcclosure(L, counted, 3);
  }
  luv__dress(S, L, e->face);
}

static void push_entry(luv_state *S, lua_State *L, luv_entry *e, int class_id) {
  if (e->native) {
    push_native(L, e->native);
    return;
  }
  if (e->constant) {
    if (e->text) lua_pushstring(L, e->text);
    else lua_pushnumber(L, e->number);
    return;
  }
  push_function(S, L, e, class_id);
}

/* Sets what belongs to `owner` in the table on top. */
static void fill(luv_state *S, lua_State *L, const char *owner, int class_id) {
  int i;
  for (i = 0; i < luv__nentries; i++) {
    if (strcmp(luv__entries[i].owner, owner) != 0) continue;
    push_entry(S, L, &luv__entries[i], class_id);
    lua_setfield(L, -2, luv__entries[i].name);
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
  const luv_class *c = luv__classes[id];
  char owner[64];
  snprintf(owner, sizeof owner, "class %s", luv__class_name(id));
  lua_newtable(L);
  lua_pushstring(L, luv__class_name(id));
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, luv__class_name(id));
  lua_setfield(L, -2, "__metatable");
  if (!(c->flags & LUV_CLASS_BARE)) set_face(S, L, luv_object_gc, id, "__gc");
  set_face(S, L, luv_object_tostring, id, "__tostring");
  lua_newtable(L);
  fill(S, L, owner, id);
  lift(L, "__newindex");
  lift(L, "__len");
  if (c->index) c->index(S, L);
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

/* ---- modules ------------------------------------------------------------------------------ */

/* "LuaJIT 2.1.0-beta3" or "Lua 5.1" */
static void push_lua_version(luv_state *S, lua_State *L) {
  lua_getglobal(L, S->jit ? "jit" : "_VERSION");
  if (!lua_istable(L, -1)) return;
  lua_getfield(L, -1, "version");
  lua_remove(L, -2);
}

/* Sets e in its module, on top. The codec's list at `list` gets the functions. */
static void set_entry(luv_state *S, lua_State *L, int list, luv_entry *e) {
  push_entry(S, L, e, 0);
  if (!e->constant && !e->native) luv__given.namer->add(S, L, list, e->owner, e->name);
  lua_setfield(L, -2, e->name);
}

/* Makes module "luv.a", as field a of the table on top. */
static void build_module(luv_state *S, lua_State *L, int list, const char *owner) {
  int i;
  lua_newtable(L);
  lua_pushstring(L, owner);
  lua_setfield(L, -2, "__name");
  for (i = 0; i < luv__nentries; i++)
    if (strcmp(luv__entries[i].owner, owner) == 0) set_entry(S, L, list, &luv__entries[i]);
  if (strcmp(owner, "luv.versions") == 0) {
    push_lua_version(S, L);
    lua_setfield(L, -2, "lua");
  }
  lua_pushvalue(L, -1);
  luv__given.namer->add_table(S, L, list, owner);
  lua_setfield(L, -2, owner + 4);
}

/* The field of luv that e makes, alone or with others; NULL: it is a method. */
static const char *field_of(const luv_entry *e) {
  if (strcmp(e->owner, "luv") == 0) return e->name;
  return strncmp(e->owner, "luv.", 4) == 0 ? e->owner + 4 : NULL;
}

static void build_field(luv_state *S, lua_State *L, int list, luv_entry *e) {
  if (e->owner[3]) build_module(S, L, list, e->owner);
  else set_entry(S, L, list, e);
}

static int has_field(lua_State *L, const char *name) {
  int there;
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  there = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return there;
}

/* All fields of luv, on top, that are not there. */
static void build_fields(luv_state *S, lua_State *L, int list) {
  const char *last = ""; /* the entries of a module stand together */
  int i;
  for (i = 0; i < luv__nentries; i++) {
    const char *name = field_of(&luv__entries[i]);
    if (!name || strcmp(name, last) == 0) continue;
    last = name;
    if (!has_field(L, name)) build_field(S, L, list, &luv__entries[i]);
  }
}

/* Leaves luv on L. The codec's list is on top. */
void luv__build(luv_state *S, lua_State *L) {
  int list = lua_gettop(L);
  build_class(S, L, luv__class_fiber.id);
  lua_newtable(L);
  if (!S->lazy) build_fields(S, L, list);
}

/* Makes what luv, on top, has not yet: for the codec, which has to know all that there is. */
void luv__build_rest(luv_state *S, lua_State *L, int list) {
  if (!S->lazy) return;
  build_fields(S, L, list);
  S->lazy = 0;
}

/* Pushes luv's field of that name, made now; or nothing, and returns 0. May raise (memory). */
int luv__push_field(luv_state *S, lua_State *L, const char *name, size_t n) {
  const char *field;
  int i, list = lua_gettop(L) + 1;
  if (!S->lazy) return 0;
  for (i = 0; i < luv__nentries; i++) {
    if (!(field = field_of(&luv__entries[i])) || strlen(field) != n || memcmp(field, name, n) != 0) continue;
    luaL_checkstack(L, 12, "luv");
    luv__given.namer->push(S, L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_module);
    if (!has_field(L, field)) build_field(S, L, list, &luv__entries[i]);
    lua_getfield(L, -1, field);
    lua_replace(L, list);
    lua_settop(L, list);
    return 1;
  }
  return 0;
}
