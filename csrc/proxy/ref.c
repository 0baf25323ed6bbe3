/* ref.c - the objects that others hold, and what stands for those of others.
 *
 * Registry: objects[place] is one of this state's that others have; places[object] its place; proxies, weak,
 * the proxy for each ref of others. So an object has one ref, and a ref one proxy in each state. */
#include "proxy.h"

const char luv__proxy_magic[2] = {0, 0};

/* ---- references -------------------------------------------------------------------------- */

void luv__ref_free(luv_ref *r) {
  luv__port_drop(r->owner);
  free(r);
}

/* The last one goes to the owner, who may have given out another one until it sees it. */
void luv__ref_drop(luv_ref *r) {
  int n = __atomic_load_n(&r->refs, __ATOMIC_ACQUIRE);
  for (;;) {
    if (n == 1) {
      luv__port_return(r->owner, r);
      return;
    }
    if (__atomic_compare_exchange_n(&r->refs, &n, n - 1, 1, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return;
  }
}

/* ---- this state's objects ---------------------------------------------------------------- */

/* A new table in the registry: most states have only one side's. */
void luv__proxies_want(lua_State *L, int *ref, const char *mode) {
  int made;
  if (LUV_LIKELY(*ref)) return;
  lua_newtable(L);
  if (mode) {
    lua_createtable(L, 0, 1);
    lua_pushstring(L, mode);
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
  }
  made = luaL_ref(L, LUA_REGISTRYINDEX);
  if (*ref) luaL_unref(L, LUA_REGISTRYINDEX, made); /* a finaliser has made it meanwhile */
  else *ref = made;
}

static void push_table(lua_State *L, int ref) { lua_rawgeti(L, LUA_REGISTRYINDEX, ref); }

/* What is at idx is one of these: its ref, or NULL. */
static luv_ref *known(luv_proxies *P, lua_State *L, int idx) {
  luv_ref *r = NULL;
  uint32_t at;
  push_table(L, P->ref_places);
  lua_pushvalue(L, idx);
  lua_rawget(L, -2);
  at = (uint32_t)lua_tointeger(L, -1);
  if (at && at <= P->top && P->refs[at]) {
    push_table(L, P->ref_objects);
    lua_rawgeti(L, -1, (int)at);
    if (lua_rawequal(L, -1, idx)) r = P->refs[at];
    lua_pop(L, 2);
  }
  lua_pop(L, 2);
  return r;
}

static void more_places(luv_proxies *P, lua_State *L) {
  uint32_t cap = P->cap ? P->cap * 2 : 16, *f;
  luv_ref **v = realloc(P->refs, cap * sizeof *v);
  if (v) P->refs = v;
  f = v ? realloc(P->free_places, cap * sizeof *f) : NULL;
  if (!f) luaL_error(L, "not enough memory");
  P->free_places = f;
  P->cap = cap;
}

static const char *kind_of(luv_state *S, lua_State *L, int idx) {
  int class_id = lua_type(L, idx) == LUA_TUSERDATA ? luv__class_of(S, L, idx) : -1;
  return class_id >= 0 ? luv__class_name(class_id) : luaL_typename(L, idx);
}

/* The tables first: whatever fails, or runs, meanwhile finds a place that is nobody's. */
static luv_ref *add(luv_state *S, lua_State *L, int idx) {
  luv_proxies *P = luv__proxies(S);
  luv_ref *r;
  uint32_t at;
  if (P->nfree == 0 && P->top + 2 > P->cap) more_places(P, L);
  at = P->nfree ? P->free_places[--P->nfree] : ++P->top;
  P->refs[at] = NULL;
  push_table(L, P->ref_places);
  lua_pushvalue(L, idx);
  lua_pushinteger(L, (lua_Integer)at);
  lua_rawset(L, -3);
  push_table(L, P->ref_objects);
  lua_pushvalue(L, idx);
  lua_rawseti(L, -2, (int)at);
  lua_pop(L, 2);
  if (lua_type(L, idx) == LUA_TUSERDATA || P->guarded != S->now || !P->guard) luv__guard_renew(S, L);
  r = malloc(sizeof *r);
  if (!r) luaL_error(L, "not enough memory");
  r->refs = 0;
  r->at = at;
  r->owner = P->port;
  r->kind = kind_of(S, L, idx);
  r->address = lua_topointer(L, idx);
  __atomic_add_fetch(&P->port->refs, 1, __ATOMIC_RELAXED);
  P->refs[at] = r;
  P->nheld++;
  return r;
}

luv_ref *luv__ref_of(luv_state *S, lua_State *L, int idx) {
  luv_ref *r;
  luaL_checkstack(L, 8, "luv");
  luv__port(S, L);
  if (idx < 0) idx += lua_gettop(L) + 1;
  luv__proxies_want(L, &luv__proxies(S)->ref_objects, NULL);
  luv__proxies_want(L, &luv__proxies(S)->ref_places, NULL);
  r = known(luv__proxies(S), L, idx);
  if (!r) r = add(S, L, idx);
  luv__ref_take(r);
  return r;
}

void luv__ref_push_home(luv_state *S, lua_State *L, uint32_t at) {
  push_table(L, luv__proxies(S)->ref_objects);
  lua_rawgeti(L, -1, (int)at);
  lua_remove(L, -2);
}

/* Nobody has r any more. What is taken out of the tables needs no memory. */
static void remove_one(luv_state *S, luv_ref *r) {
  luv_proxies *P = luv__proxies(S);
  lua_State *M = S->M;
  push_table(M, P->ref_places);
  push_table(M, P->ref_objects);
  lua_rawgeti(M, -1, (int)r->at);
  lua_pushnil(M);
  lua_rawset(M, -4);
  lua_pushnil(M);
  lua_rawseti(M, -2, (int)r->at);
  lua_pop(M, 2);
  P->refs[r->at] = NULL;
  P->free_places[P->nfree++] = r->at;
  P->nheld--;
  luv__ref_free(r);
}

static luv_ref *take(luv_port *p, void *leave) { return __atomic_exchange_n(&p->returned, leave, __ATOMIC_ACQ_REL); }

void luv__refs_serve(luv_state *S) {
  luv_ref *r = take(luv__proxies(S)->port, NULL), *next;
  luaL_checkstack(S->M, 8, "luv");
  for (; r; r = next) {
    next = r->next;
    if (__atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) == 0) remove_one(S, r);
  }
}

/* The state's objects go with it. Who still has a ref frees it. */
void luv__refs_close(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  luv_ref *r, *next;
  luv__refs_serve(S);
  luv__leaks_tell(S);
  r = take(P->port, LUV_PORT_CLOSED);
  for (; r; r = next) {
    next = r->next;
    if (__atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) == 0) luv__ref_free(r);
  }
  free(P->refs);
  free(P->free_places);
  P->refs = NULL;
  P->top = P->cap = P->nfree = P->nheld = 0;
}

/* ---- proxies ----------------------------------------------------------------------------- */

static void make_proxy(luv_state *S, lua_State *L, luv_ref *r) {
  luv_proxy *p = lua_newuserdata(L, sizeof *p);
  p->magic = luv__proxy_magic;
  p->ref = NULL;
  luv__proxy_push_meta(S, L);
  lua_setmetatable(L, -2);
  lua_pushlightuserdata(L, r);
  lua_pushvalue(L, -2);
  lua_rawset(L, -4);
  luv__ref_take(r);
  p->ref = r;
  if (LUV_UNLIKELY(S->trace_handles)) luv__leaks_add(S, r);
}

void luv__ref_push(luv_state *S, lua_State *L, luv_ref *r) {
  luv_proxy *p;
  luaL_checkstack(L, 8, "luv");
  if (r->owner == luv__port(S, L)) {
    luv__ref_push_home(S, L, r->at);
    return;
  }
  luv__proxies_want(L, &luv__proxies(S)->ref_proxies, "v");
  push_table(L, luv__proxies(S)->ref_proxies);
  lua_pushlightuserdata(L, r);
  lua_rawget(L, -2);
  p = luv__toproxy(L, -1);
  if (!p || p->ref != r) {
    lua_pop(L, 1);
    make_proxy(S, L, r);
  }
  lua_remove(L, -2);
}

/* The proxy at 1 lets go of its object. */
void luv__proxy_release(luv_state *S, lua_State *L, luv_proxy *p) {
  luv_ref *r = p->ref;
  p->ref = NULL;
  push_table(L, luv__proxies(S)->ref_proxies);
  lua_pushlightuserdata(L, r);
  lua_pushnil(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  luv__leaks_remove(S, r);
  luv__ref_drop(r);
}

/* ---- in messages of the codec ------------------------------------------------------------ */

/* A table, function, userdata or coroutine that luv.share was given. */
int luv__is_to_stay(luv_state *S, lua_State *L, int idx) {
  luv_proxies *P = luv__proxies(S);
  int is;
  if (LUV_LIKELY(!P->marked)) return 0;
  if (idx < 0) idx += lua_gettop(L) + 1;
  push_table(L, P->ref_marks);
  lua_pushvalue(L, idx);
  lua_rawget(L, -2);
  is = lua_toboolean(L, -1);
  lua_pop(L, 2);
  return is;
}

static uint64_t hold(luv_state *S, lua_State *L, int idx) {
  luv_proxy *p = luv__toproxy(L, idx);
  if (p && !p->ref) return 0;
  if (p) {
    luv__ref_take(p->ref);
    return (uintptr_t)p->ref;
  }
  if (luv__proxies(S)->manual && !luv__is_to_stay(S, L, idx)) return 0;
  return (uintptr_t)luv__ref_of(S, L, idx);
}

static int push(luv_state *S, lua_State *L, uint64_t id) {
  luv__ref_push(S, L, (luv_ref *)(uintptr_t)id);
  return 1;
}

static void drop(uint64_t id) { luv__ref_drop((luv_ref *)(uintptr_t)id); }

const luv_shared luv__proxy_shared = {"luv.proxy", hold, push, drop};
