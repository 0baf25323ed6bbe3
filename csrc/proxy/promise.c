/* promise.c - what stands for a result while a batch is written down. */
#include "batch.h"

static const char magic = 0;

luv_promise *luv__topromise(lua_State *L, int idx) {
  luv_promise *p = lua_touserdata(L, idx);
  return p && lua_objlen(L, idx) == sizeof *p && p->magic == &magic ? p : NULL;
}

luv_batch *luv__batch_current(luv_state *S) {
  luv_batch *b = luv__proxies(S)->batches;
  while (b && b->by != luv__me(S)) b = b->next;
  return b;
}

void luv__promise_push(luv_state *S, lua_State *L, luv_batch *b, uint32_t part) {
  luv_promise *p = lua_newuserdata(L, sizeof *p);
  p->magic = &magic;
  p->id = b->id;
  p->part = part;
  p->at = ++b->v[part].m->ask.n;
  p->wanted = 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__proxies(S)->ref_promise_meta);
  lua_setmetatable(L, -2);
}

/* Upvalue 2 is what is to be done. */
static int do_promise(lua_State *L) {
  luv_state *S = luv_enter(L);
  int op = (int)lua_tointeger(L, lua_upvalueindex(2));
  luv_promise *p = luv__topromise(L, 1);
  luv_batch *b = luv__batch_current(S);
  if (!p) p = luv__topromise(L, 2);
  if (!b || b->id != p->id) return luv__error(S, L, "the batch has ended: its promises are gone");
  if (op == LUV_DO_LEN || op == LUV_DO_UNM) lua_settop(L, 1);
  luv__batch_write(S, L, b, p->part, op, 1);
  return op != LUV_DO_SET;
}

static int promise_tostring(lua_State *L) {
  lua_pushfstring(L, "promise %d", (int)luv__topromise(L, 1)->at);
  return 1;
}

void luv__promise_open(luv_state *S, lua_State *L) {
  static const struct { const char *name; int op; } ops[] = {
    {"__index", LUV_DO_GET}, {"__newindex", LUV_DO_SET}, {"__call", LUV_DO_CALL}, {"__len", LUV_DO_LEN}, {"__concat", LUV_DO_CONCAT},
    {"__add", LUV_DO_ADD}, {"__sub", LUV_DO_SUB}, {"__mul", LUV_DO_MUL}, {"__div", LUV_DO_DIV}, {"__mod", LUV_DO_MOD},
    {"__pow", LUV_DO_POW}, {"__unm", LUV_DO_UNM}};
  const luv_face face = {.fn = do_promise};
  size_t i;
  lua_newtable(L);
  for (i = 0; i < sizeof ops / sizeof *ops; i++) {
    luv__push_face(S, L, &face, ops[i].op);
    lua_setfield(L, -2, ops[i].name);
  }
  lua_pushcfunction(L, promise_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "luv.proxy.promise");
  lua_setfield(L, -2, "__metatable");
  luv__proxies(S)->ref_promise_meta = luaL_ref(L, LUA_REGISTRYINDEX);
}
