/* thread_package.c - a thread's state looks for modules where its parent does: package.path,
 * package.cpath, and what the parent has in package.preload.
 *
 * C functions of package.preload are passed as they are, for the process is the same; Lua
 * functions by the codec. What the codec cannot pass is left out, and is searched for. */
#include "thread.h"

typedef struct {
  char *name;
  lua_CFunction fn; /* NULL: code */
  luv_blob code;
} preload;

struct luv_package {
  char *path, *cpath;
  preload *list;
  int n;
};

void luv__package_free(luv_package *p) {
  if (!p) return;
  while (p->n > 0) {
    preload *e = &p->list[--p->n];
    free(e->name);
    luv__blob_free(&e->code);
  }
  free(p->list);
  free(p->path);
  free(p->cpath);
  free(p);
}

/* ---- in the parent ------------------------------------------------------------------------- */

static char *copy_field(lua_State *L, const char *name) {
  char *s;
  lua_getfield(L, -1, name);
  s = lua_isstring(L, -1) ? strdup(lua_tostring(L, -1)) : NULL;
  lua_pop(L, 1);
  return s;
}

static int simple(lua_State *L, int idx) {
  if (!lua_tocfunction(L, idx)) return 0;
  if (!lua_getupvalue(L, idx, 1)) return 1;
  lua_pop(L, 1);
  return 0;
}

/* Adds the function on top of L, whose name is below it. */
static void add(luv_state *S, lua_State *L, luv_package *p) {
  preload *grown, e;
  int top = lua_gettop(L);
  memset(&e, 0, sizeof e);
  if (simple(L, top)) e.fn = lua_tocfunction(L, top);
  else if (lua_iscfunction(L, top) || luv__encode(S, L, top, 1, LUV_CODEC_TRUSTED, &e.code)) goto out;
  grown = realloc(p->list, ((size_t)p->n + 1) * sizeof *grown);
  e.name = strdup(lua_tostring(L, top - 1));
  if (grown) p->list = grown;
  if (grown && e.name) p->list[p->n++] = e;
  else luv__blob_free(&e.code), free(e.name);
out:
  lua_settop(L, top);
}

static void copy_preload(luv_state *S, lua_State *L, luv_package *p) {
  lua_getfield(L, -1, "preload");
  if (lua_istable(L, -1))
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
      if (lua_type(L, -2) == LUA_TSTRING && lua_isfunction(L, -1)) add(S, L, p);
  lua_pop(L, 1);
}

/* NULL: no memory. */
luv_package *luv__package_copy(luv_state *S, lua_State *L) {
  luv_package *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  luaL_checkstack(L, 20, "luv");
  lua_getglobal(L, "package");
  if (lua_istable(L, -1)) {
    p->path = copy_field(L, "path");
    p->cpath = copy_field(L, "cpath");
    copy_preload(S, L, p);
  }
  lua_pop(L, 1);
  return p;
}

/* ---- in the thread --------------------------------------------------------------------------- */

static void set_field(lua_State *L, const char *field, const char *value) {
  if (!value) return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, field);
}

/* Pushes the function; 0: there is none. */
static int push(lua_State *L, preload *e) {
  int top = lua_gettop(L);
  if (e->fn) lua_pushcfunction(L, e->fn);
  else if (luv__decode(luv__thread_state(L), L, e->code.p, e->code.n, LUV_CODEC_TRUSTED) != 1) lua_settop(L, top);
  return lua_gettop(L) > top;
}

static void set_preload(lua_State *L, preload *e) {
  lua_getfield(L, -1, e->name);
  if (lua_isnil(L, -1) && push(L, e)) lua_setfield(L, -3, e->name);
  lua_pop(L, 1);
}

/* Gives L's package table what was copied. May raise. */
void luv__package_set(lua_State *L, luv_package *p) {
  int i;
  if (!p) return;
  lua_getglobal(L, "package");
  set_field(L, "path", p->path);
  set_field(L, "cpath", p->cpath);
  lua_getfield(L, -1, "preload");
  for (i = 0; i < p->n; i++) set_preload(L, &p->list[i]);
  lua_pop(L, 2);
}
