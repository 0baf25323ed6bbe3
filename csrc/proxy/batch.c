/* batch.c - luv.proxy.batch: what a fiber does to proxies is written down, sent in one message to each owner,
 * and comes back in one.
 *
 * What is written down gives a promise: a userdata with the batch's number, the part (one for each owner) and
 * its place there. It may be what the next thing is done to, or an argument. */
#include "batch.h"

static int no_memory(lua_State *L) { return luaL_error(L, "not enough memory"); }

/* ---- writing down ------------------------------------------------------------------------ */

static uint32_t part_for(luv_state *S, lua_State *L, luv_batch *b, luv_ref *r) {
  luv_part *v;
  uint32_t i;
  for (i = 0; i < b->n; i++)
    if (b->v[i].m->ref->owner == r->owner) return i;
  v = realloc(b->v, (b->n + 1) * sizeof *v);
  if (!v) no_memory(L);
  b->v = v;
  memset(&v[i], 0, sizeof *v);
  v[i].m = luv__mail_new(S, r, LUV_DO_BATCH);
  if (!v[i].m) no_memory(L);
  queue_remove(&v[i].m->mine);
  return b->n++;
}

static void add_promise(luv_state *S, lua_State *L, luv_batch *b, uint32_t at_part, luv_promise *p) {
  if (p->id != b->id) luv__error(S, L, "a promise of another batch");
  if (p->part != at_part) luv__error(S, L, "a promise of another owner");
  if (!luv__letter_add_promise(&b->v[at_part].m->ask, p->at)) no_memory(L);
}

static void add_value(luv_state *S, lua_State *L, luv_batch *b, uint32_t at_part, int idx) {
  luv_mail *m = b->v[at_part].m;
  luv_promise *p = lua_type(L, idx) == LUA_TUSERDATA ? luv__topromise(L, idx) : NULL;
  if (p) add_promise(S, L, b, at_part, p);
  else if (luv__letter_add(S, L, idx, 0, m->ref->owner, &m->ask)) luv__encode_error(S, L, "pass");
}

/* All of it is written, or nothing. */
static void note(luv_state *S, lua_State *L, luv_batch *b, uint32_t at_part, int op, int first) {
  luv_letter *l = &b->v[at_part].m->ask;
  int i, top = lua_gettop(L);
  if (!luv__letter_add_byte(l, op) || !luv__letter_add_count(l, (uint32_t)(top - first + 1))) no_memory(L);
  for (i = first; i <= top; i++) add_value(S, L, b, at_part, i);
}

typedef struct { luv_state *S; luv_batch *b; uint32_t part; int op, first; } noting;

/* note(noting, ...): protected, since what fails half-way is taken back. */
static int note_protected(lua_State *L) {
  noting *n = lua_touserdata(L, 1);
  note(n->S, L, n->b, n->part, n->op, 2);
  return 0;
}

static int is_simple(lua_State *L, int first) {
  int i;
  for (i = first; i <= lua_gettop(L); i++)
    if (lua_type(L, i) > LUA_TSTRING || lua_islightuserdata(L, i)) {
      luv_proxy *p = luv__toproxy(L, i);
      if (!p || !p->ref) return 0;
    }
  return 1;
}

static void note_safely(luv_state *S, lua_State *L, luv_batch *b, uint32_t at_part, int op, int first) {
  noting n = {S, b, at_part, op, first};
  size_t size = b->v[at_part].m->ask.size;
  int i, top = lua_gettop(L), err;
  luaL_checkstack(L, top + 10, "too many arguments");
  lua_pushcfunction(L, note_protected);
  lua_pushlightuserdata(L, &n);
  for (i = first; i <= top; i++) lua_pushvalue(L, i);
  err = lua_pcall(L, top - first + 2, 0, 0);
  if (!err) return;
  b->v[at_part].m->ask.size = size;
  lua_error(L);
}

/* Both operands, or the object and what is done with it, from `first` on. */
int luv__batch_write(luv_state *S, lua_State *L, luv_batch *b, uint32_t at_part, int op, int first) {
  if (b->sent) return luv__error(S, L, "the batch has been sent");
  if (LUV_LIKELY(is_simple(L, first))) note(S, L, b, at_part, op, first);
  else note_safely(S, L, b, at_part, op, first);
  luv__promise_push(S, L, b, at_part);
  return 1;
}

/* Of what meta.c does not pass on, since it is the object itself, there is the object at 1. */
int luv__batch_note(luv_state *S, lua_State *L, luv_ref *r, int op, int first) {
  luv_batch *b = luv__batch_current(S);
  if (!b) return 0;
  if (op == LUV_DO_PAIRS || op == LUV_DO_IPAIRS) return luv__error(S, L, "cannot iterate in a batch");
  return luv__batch_write(S, L, b, part_for(S, L, b, r), op, op < LUV_DO_CONCAT ? 1 : first);
}

/* ---- a batch ----------------------------------------------------------------------------- */

static void unlink_batch(luv_state *S, luv_batch *b) {
  luv_batch **p = &luv__proxies(S)->batches;
  while (*p && *p != b) p = &(*p)->next;
  if (*p) *p = b->next;
}

static int collect(lua_State *L) {
  luv_batch *b = lua_touserdata(L, 1);
  luv_state *S = luv_upstate(L);
  uint32_t i;
  if (S->dead || luv__forked) return 0;
  unlink_batch(S, b);
  for (i = 0; i < b->n; i++) {
    if (b->v[i].m) luv__mail_free(S, b->v[i].m);
    free(b->v[i].wanted);
  }
  free(b->v);
  b->v = NULL;
  b->n = 0;
  return 0;
}

/* batch = begin(fn) */
static int begin(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_proxies *P = luv__proxies(S);
  luv_batch *b;
  if (!lua_isfunction(L, 1)) luv__type_error(S, L, 1, 1, "batch", "function");
  if (luv__batch_current(S)) luv__error(S, L, "batch: there is one already");
  luv__port(S, L);
  b = lua_newuserdata(L, sizeof *b);
  memset(b, 0, sizeof *b);
  lua_rawgeti(L, LUA_REGISTRYINDEX, P->ref_batch_meta);
  lua_setmetatable(L, -2);
  b->by = luv__me(S);
  b->id = ++P->last_batch;
  b->next = P->batches;
  P->batches = b;
  return 1;
}

/* n = stop(batch): nothing more is written down; parts */
static int stop(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_batch *b = lua_touserdata(L, 1);
  unlink_batch(S, b);
  lua_pushinteger(L, (lua_Integer)b->n);
  return 1;
}

/* yes = want(batch, value): it is a promise, and its value is to come back */
static int want(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_batch *b = lua_touserdata(L, 1);
  luv_promise *p = luv__topromise(L, 2);
  luv_part *v;
  lua_pushboolean(L, p != NULL);
  if (!p || p->wanted) return 1;
  if (p->id != b->id) return luv__error(S, L, "a promise of another batch");
  v = &b->v[p->part];
  if (v->nwanted == v->cap) {
    uint32_t cap = v->cap ? v->cap * 2 : 8, *grown = realloc(v->wanted, cap * sizeof *grown);
    if (!grown) return no_memory(L);
    v->wanted = grown;
    v->cap = cap;
  }
  v->wanted[v->nwanted++] = p->at;
  p->wanted = 1;
  return 1;
}

/* values = send(batch, i): what part i came to, by place. Suspends. */
static int send_part(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_batch *b = lua_touserdata(L, 1);
  luv_part *v = &b->v[lua_tointeger(L, 2) - 1];
  luv_mail *m = v->m;
  uint32_t i;
  luv__check_cancel(S, L);
  if (!luv__letter_add_count(&m->ask, v->nwanted)) return no_memory(L);
  for (i = 0; i < v->nwanted; i++)
    if (!luv__letter_add_count(&m->ask, v->wanted[i])) return no_memory(L);
  v->m = NULL;
  return luv__proxy_send(S, L, m);
}

/* part, place = where(value), of a promise */
static int where(lua_State *L) {
  luv_promise *p = luv__topromise(L, 1);
  if (!p) return 0;
  lua_pushinteger(L, (lua_Integer)p->part + 1);
  lua_pushinteger(L, (lua_Integer)p->at);
  return 2;
}

int luv__batch_give(luv_state *S, lua_State *W, luv_letter *l) {
  const char *p = l->p;
  uint32_t i, at;
  lua_newtable(W);
  for (i = 0; i < l->n; i++) {
    memcpy(&at, p, sizeof at);
    p = luv__letter_next(S, W, p + sizeof at, 0);
    lua_rawseti(W, -2, (int)at);
  }
  return 1;
}

static const char glue[] =
  "local begin, stop, want, send, where = ...\n"
  "local pcall, error, type, pairs, select, unpack = pcall, error, type, pairs, select, unpack\n"
  "local function each(v, fn, seen)\n"
  "  if type(v) ~= 'table' or seen[v] then return end\n"
  "  seen[v] = true\n"
  "  for k, x in pairs(v) do\n"
  "    local new = fn(x)\n"
  "    if new ~= nil then v[k] = new[1] end\n"
  "    if type(x) == 'table' then each(x, fn, seen) end\n"
  "  end\n"
  "end\n"
  "local function finish(b, ok, ...)\n"
  "  local n, r = stop(b), {n = select('#', ...), ...}\n"
  "  if not ok then error(..., 0) end\n"
  "  each(r, function(v) want(b, v) end, {})\n"
  "  local got = {}\n"
  "  for i = 1, n do\n"
  "    local t, err, code = send(b, i)\n"
  "    if code then error(err, 0) end\n"
  "    got[i] = t\n"
  "  end\n"
  "  each(r, function(v)\n"
  "    local part, at = where(v)\n"
  "    if part then return {got[part][at]} end\n"
  "  end, {})\n"
  "  return unpack(r, 1, r.n)\n"
  "end\n"
  "return function(fn, ...) return finish(begin(fn), pcall(fn, ...)) end";

static const luv_face begin_face = {.fn = begin}, stop_face = {.fn = stop}, want_face = {.fn = want},
                      send_face = {.fn = send_part, .waits = 1}, where_face = {.fn = where};

static void load(luv_state *S, lua_State *L) {
  luv_proxies *P = luv__proxies(S);
  luv__promise_open(S, L);
  lua_createtable(L, 0, 1);
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, collect, 1);
  lua_setfield(L, -2, "__gc");
  P->ref_batch_meta = luaL_ref(L, LUA_REGISTRYINDEX);
  luv__load(S, L, glue, sizeof glue - 1);
  luv__push_face(S, L, &begin_face, 0);
  luv__push_face(S, L, &stop_face, 0);
  luv__push_face(S, L, &want_face, 0);
  luv__push_face(S, L, &send_face, 0);
  luv__push_face(S, L, &where_face, 0);
  lua_call(L, 5, 1);
  P->ref_batch = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* ... = luv.proxy.batch(fn, ...) */
int luv_proxy_batch(lua_State *L) {
  luv_state *S = luv_enter(L);
  luaL_checkstack(L, 20, "luv");
  if (!luv__proxies(S)->ref_batch) load(S, L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__proxies(S)->ref_batch);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}
