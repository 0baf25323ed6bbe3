/* serve.c - the owner's side: each call is a fiber.
 *
 * Its function is a few lines of Lua, so that it may wait wherever it likes: it calls, and hands what that
 * came to over to `reply`. A fiber that dies instead, of an error or since it was cancelled, has a keeper
 * that sends the error back. */
#include "proxy.h"

static const char glue[] =
  "local reply, take = ...\n"
  "local error, pairs, ipairs, type = error, pairs, ipairs, type\n"
  "local resume = coroutine.resume\n"
  "local function resumed(ok, ...)\n"
  "  if not ok then error(..., 0) end\n"
  "  return ...\n"
  "end\n"
  "local function call(o, ...)\n"
  "  if type(o) == 'thread' then return resumed(resume(o, ...)) end\n"
  "  return o(...)\n"
  "end\n"
  "local function get(o, k) return o[k] end\n"
  "local function set(o, k, v) o[k] = v end\n"
  "local function len(o) return #o end\n"
  "local function all(o)\n"
  "  local keys, values, n = {}, {}, 0\n"
  "  for k, v in pairs(o) do\n"
  "    n = n + 1\n"
  "    keys[n], values[n] = k, v\n"
  "  end\n"
  "  return n, keys, values\n"
  "end\n"
  "local function list(o)\n"
  "  local values, n = {}, 0\n"
  "  for i, v in ipairs(o) do n, values[i] = i, v end\n"
  "  return n, values\n"
  "end\n"
  "local function copy(o) return o end\n"
  "local ops = {call, get, set, len, all, list, copy,\n"
  "  function(a, b) return a .. b end, function(a, b) return a + b end, function(a, b) return a - b end,\n"
  "  function(a, b) return a * b end, function(a, b) return a / b end, function(a, b) return a % b end,\n"
  "  function(a, b) return a ^ b end, function(a) return -a end,\n"
  "  function(a, b) return a < b end, function(a, b) return a <= b end}\n"
  "local function serve(m, fn, ...) return reply(m, fn(...)) end\n"
  "local function run(fn, ...) return fn(...) end\n"
  "local function coded(m) return reply(m, run(take(m))) end\n"
  "return serve, coded, ops";

#define MANY 200 /* arguments: more are unpacked in the fiber */
#define GUARD 10000000 /* ns that the guard is the youngest, in a busy state */

/* ---- answers ----------------------------------------------------------------------------- */

void luv__mail_answer(luv_mail *m, int status) {
  m->status = (uint8_t)status;
  m->answered = 1;
  __atomic_store_n(&m->fiber, 0, __ATOMIC_RELAXED);
  if (!luv__port_post(m->from, m)) luv__mail_lose(m);
}

static void done(luv_state *S, luv_mail *m, int status) {
  queue_remove(&m->served);
  luv__proxies(S)->nserved--;
  luv__mail_answer(m, status);
}

static int how_to_pack(int op) {
  return op == LUV_DO_GET ? LUV_LETTER_FUNCTIONS : op == LUV_DO_COPY ? LUV_LETTER_COPY : 0;
}

/* Packs the error on top of L: the value, or at least what it is. */
void luv__mail_pack_error(luv_state *S, lua_State *L, luv_mail *m) {
  if (luv__letter_pack(S, L, lua_gettop(L), 1, 0, m->from, &m->answer) == 0) return;
  lua_pushfstring(L, "the error is a %s, which cannot be passed: %s", luaL_typename(L, -2),
                  lua_isstring(L, -1) ? lua_tostring(L, -1) : "a finalizer failed");
  luv__letter_pack(S, L, lua_gettop(L), 1, 0, m->from, &m->answer);
}

/* reply(m, ...): what the call has come to */
static int reply(lua_State *L) {
  luv_state *S = luv_upstate(L);
  luv_mail *m = lua_touserdata(L, 1);
  int status = LUV_MAIL_DONE;
  if (m->op == LUV_DO_BATCH) status = m->status;
  else if (luv__letter_pack(S, L, 2, lua_gettop(L) - 1, how_to_pack(m->op), m->from, &m->answer)) {
    status = LUV_MAIL_FAILED;
    if (lua_type(L, -1) == LUA_TSTRING) lua_pushfstring(L, "cannot return %s", lua_tostring(L, -1));
    luv__mail_pack_error(S, L, m);
  }
  if (m->at_work) m->at_work->keeper = NULL;
  m->at_work = NULL;
  done(S, m, status);
  return 0;
}

typedef struct { luv_state *S; luv_fiber *f; luv_mail *m; } death;

static int pack_death(lua_State *M) {
  death *d = lua_touserdata(M, 1);
  luaL_checkstack(M, LUA_MINSTACK, "luv");
  lua_pushvalue(d->f->base, -1);
  lua_xmove(d->f->base, M, 1);
  luv__letter_clear(&d->m->answer);
  luv__mail_pack_error(d->S, M, d->m);
  lua_settop(M, 2);
  luv__traceback(d->S, d->f, M, lua_tostring(M, 2));
  free(d->m->traceback);
  d->m->traceback = lua_tostring(M, -1) ? strdup(lua_tostring(M, -1)) : NULL;
  return 0;
}

static void no_memory(luv_mail *m) { luv__letter_text(&m->answer, "not enough memory"); }

static void ended(luv_state *S, luv_keeper *k, luv_fiber *f, int failed) {
  luv_mail *m = luv_container(k, luv_mail, keeper);
  death d = {S, f, m};
  f->keeper = NULL;
  m->at_work = NULL;
  if (failed && (!f->base || luv__protect_made(S, pack_death, &d))) no_memory(m);
  done(S, m, failed ? LUV_MAIL_FAILED : LUV_MAIL_DONE);
}

/* ---- calls ------------------------------------------------------------------------------- */

/* take(m): the function to be called, and its arguments, of a mail that went through the codec */
static int push_call(luv_state *S, lua_State *L, luv_mail *m) {
  int n, extra = 1;
  luv__ref_push_home(S, L, m->ref->at);
  if (m->op != LUV_DO_CALL || !lua_isfunction(L, -1)) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, luv__proxies(S)->ref_ops);
    lua_rawgeti(L, -1, m->op + 1);
    lua_replace(L, -2);
    if (m->op < LUV_DO_CONCAT) lua_insert(L, -2), extra++;
    else lua_remove(L, -2);
  }
  n = luv__letter_push(S, L, &m->ask);
  if (n < 0) return -1;
  return n + extra;
}

static int take(lua_State *L) {
  luv_state *S = luv_upstate(L);
  luv_mail *m = lua_touserdata(L, 1);
  int n = push_call(S, L, m);
  return n < 0 ? lua_error(L) : n;
}

static const luv_face reply_face = {.fn = reply}, take_face = {.fn = take};

void luv__serve_load(luv_state *S, lua_State *L) {
  luv_proxies *P = luv__proxies(S);
  if (P->ref_serve) return;
  luv__load(S, L, glue, sizeof glue - 1);
  luv__push_face(S, L, &reply_face, 0);
  luv__push_face(S, L, &take_face, 0);
  lua_call(L, 2, 3);
  P->ref_ops = luaL_ref(L, LUA_REGISTRYINDEX);
  P->ref_coded = luaL_ref(L, LUA_REGISTRYINDEX);
  P->ref_serve = luaL_ref(L, LUA_REGISTRYINDEX);
}

typedef struct { luv_state *S; luv_mail *m; } beginning;

static int begin(lua_State *M) {
  beginning *b = lua_touserdata(M, 1);
  luv_state *S = b->S;
  luv_proxies *P = luv__proxies(S);
  luv_mail *m = b->m;
  luv_fiber *f;
  int later;
  if (m->at_work) return 0; /* what has failed was a finaliser, as this ended */
  luaL_checkstack(M, LUA_MINSTACK, "luv");
  if (LUV_UNLIKELY(!P->ref_serve)) luv__serve_load(S, M);
  lua_settop(M, 0);
  if (S->now - P->guarded > GUARD && P->guard) luv__guard_renew(S, M);
  later = m->op != LUV_DO_BATCH && (m->ask.coded || m->ask.n > MANY);
  lua_rawgeti(M, LUA_REGISTRYINDEX, later ? P->ref_coded : P->ref_serve);
  lua_pushlightuserdata(M, m);
  if (m->op == LUV_DO_BATCH) {
    lua_pushlightuserdata(M, S);
    lua_pushcclosure(M, luv__batch_run, 1);
    lua_pushlightuserdata(M, m);
  } else if (!later) push_call(S, M, m);
  f = luv__fiber_new(S, M, lua_gettop(M));
  luv__fiber_ready(S, M, f);
  f->keeper = &m->keeper;
  m->keeper.ended = ended;
  m->at_work = f;
  __atomic_store_n(&m->fiber, f->id, __ATOMIC_RELAXED);
  return 0;
}

/* A call has come in. */
void luv__mail_begin(luv_state *S, luv_mail *m) {
  luv_proxies *P = luv__proxies(S);
  beginning b = {S, m};
  queue_push(&P->served, &m->served);
  P->nserved++;
  P->last = S->now;
  if (__atomic_load_n(&m->cancelled, __ATOMIC_ACQUIRE)) {
    done(S, m, LUV_MAIL_GONE);
    return;
  }
  if (luv__protect_made(S, begin, &b) == 0 || m->at_work) return;
  no_memory(m);
  done(S, m, LUV_MAIL_FAILED);
}

/* Callers have stopped waiting. */
void luv__mails_cancel(luv_state *S) {
  luv_queue *q, *next, *all = &luv__proxies(S)->served;
  for (q = all->next; q != all; q = next) {
    luv_mail *m = luv_container(q, luv_mail, served);
    next = q->next;
    if (m->told || !m->at_work || !__atomic_load_n(&m->cancelled, __ATOMIC_ACQUIRE)) continue;
    m->told = 1;
    luv__fiber_cancel(S, m->at_work);
  }
}
