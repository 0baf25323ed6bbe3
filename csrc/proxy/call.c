/* call.c - the caller's side: asks the owner, and waits for what it came to.
 *
 * The mail is made and filled before the wait, and sent as that begins; one that is not sent, since
 * something was raised, lies in `unsent` until the next poll. Who stops waiting forgets the mail, which
 * comes back all the same. */
#include "bytes.h"
#include "proxy.h"

static const char gone[] = "EOF: end of file: the owner has ended";

/* ---- the wait ---------------------------------------------------------------------------- */

static int begin(luv_state *S, luv_fiber *f) {
  luv_proxies *P = luv__proxies(S);
  luv_mail *m = f->wait.on;
  queue_remove(&m->mine);
  m->waiter = f;
  queue_push(&P->out, &m->mine);
  P->nout++;
  if (luv__port_post(m->ref->owner, m)) {
    queue_push(&P->waiting, &f->wait.node);
    return 0;
  }
  m->status = LUV_MAIL_GONE;
  luv__mail_arrived(S, m);
  return 0;
}

static void abandon(luv_state *S, luv_fiber *f) {
  luv_mail *m = f->wait.on;
  (void)S;
  m->waiter = NULL;
  __atomic_store_n(&m->cancelled, 1, __ATOMIC_SEQ_CST);
  luv__port_cancel(m->ref->owner);
}

void luv__mail_arrived(luv_state *S, luv_mail *m) {
  luv_proxies *P = luv__proxies(S);
  luv_fiber *f = m->waiter;
  queue_remove(&m->mine);
  P->nout--;
  m->waiter = NULL;
  if (!f) {
    luv__mail_free(S, m);
    return;
  }
  queue_push(&P->got, &m->mine);
  luv__wake(S, f, LUV_OUT_OWN);
}

static void write_call(luv_state *S, luv_fiber *f, FILE *out) {
  luv_mail *m = f->wait.on;
  uint32_t id = __atomic_load_n(&m->fiber, __ATOMIC_RELAXED);
  char name[64];
  luv__port_name(m->ref->owner, name, sizeof name);
  if (id) fprintf(out, " by fiber %u of %s", id, name);
  else fprintf(out, " by %s", name);
  fprintf(out, ", of its %s %p", m->ref->kind, m->ref->address);
  if (luv__proxies(S)->locked && *m->waits) fprintf(out, ", which waits for %s", m->waits);
}

/* ---- what it came to --------------------------------------------------------------------- */

typedef struct { luv_state *S; luv_fiber *f; luv_mail *m; int raise; } giving;

/* On top of W is the traceback of an error that f has met, and below it the error: both stay. */
void luv__proxy_keep_trace(luv_state *S, lua_State *W, luv_fiber *f) {
  luv_proxies *P = luv__proxies(S);
  luv__proxies_want(W, &P->ref_traces, "k");
  lua_rawgeti(W, LUA_REGISTRYINDEX, P->ref_traces);
  if (f->is_main) lua_pushboolean(W, 1);
  else luv__push_fiber(S, W, f);
  lua_createtable(W, 2, 0);
  lua_pushvalue(W, -5);
  lua_rawseti(W, -2, 1);
  lua_pushvalue(W, -4);
  lua_rawseti(W, -2, 2);
  lua_rawset(W, -3);
  lua_pop(W, 1);
}

static int give_error(giving *g, lua_State *W) {
  g->raise = 1;
  if (luv__letter_push(g->S, W, &g->m->answer) == 0) lua_pushnil(W);
  if (!g->m->traceback) return 1;
  lua_pushstring(W, g->m->traceback);
  luv__proxy_keep_trace(g->S, W, g->f);
  lua_pop(W, 1);
  return 1;
}

static int give_gone(giving *g, lua_State *W) {
  int n = g->m->op == LUV_DO_CALL ? 3 : 1;
  if (n == 1) g->raise = 1;
  else lua_pushnil(W);
  lua_pushstring(W, gone);
  if (n == 3) lua_pushliteral(W, "EOF");
  return n;
}

/* key, value = next(): what pairs returns. Upvalues: how many, keys, values, the last. */
static int next_pair(lua_State *L) {
  int i = (int)lua_tointeger(L, lua_upvalueindex(4)) + 1;
  if (i > lua_tointeger(L, lua_upvalueindex(1))) return 0;
  lua_pushinteger(L, i);
  lua_replace(L, lua_upvalueindex(4));
  if (lua_isnil(L, lua_upvalueindex(3))) lua_pushinteger(L, i);
  else lua_rawgeti(L, lua_upvalueindex(2), i);
  lua_rawgeti(L, lua_isnil(L, lua_upvalueindex(3)) ? lua_upvalueindex(2) : lua_upvalueindex(3), i);
  return 2;
}

static int give_iterator(lua_State *W, int n) {
  if (n < 3) lua_pushnil(W);
  lua_pushinteger(W, 0);
  lua_pushcclosure(W, next_pair, 4);
  return 1;
}

static int give(lua_State *W, void *ud) {
  giving *g = ud;
  luv_mail *m = g->m;
  int n;
  luaL_checkstack(W, LUA_MINSTACK, "luv");
  if (m->status == LUV_MAIL_FAILED) return give_error(g, W);
  if (m->status == LUV_MAIL_GONE) return give_gone(g, W);
  if (m->op == LUV_DO_BATCH) return luv__batch_give(g->S, W, &m->answer);
  n = luv__letter_push(g->S, W, &m->answer);
  if (n < 0) {
    g->raise = 1;
    return 1;
  }
  if (m->op == LUV_DO_PAIRS || m->op == LUV_DO_IPAIRS) return give_iterator(W, n);
  return n;
}

static void release(void *ud) {
  giving *g = ud;
  luv__mail_free(g->S, g->m);
}

/* What was read may be a function, which p:method() will want again; L has p and the name at 1 and 2. */
static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  giving g = {S, f, f->wait.on, 0};
  luv_maker how = {give, release, &g, NULL};
  int n, reads = g.m->op == LUV_DO_GET;
  if (reads && g.m->status == LUV_MAIL_GONE && luv__proxy_recall(W, L)) {
    luv__mail_free(S, g.m); /* the call will tell */
    return 1;
  }
  n = luv__push_safely(S, W, how);
  if (g.raise) return LUV_RAISE;
  if (reads && n == 1 && luv__toproxy(W, -1)) luv__proxy_learn(S, W, L);
  return n;
}

/* A few scalars are what most calls come to. */
static int move(luv_fiber *f) {
  luv_mail *m = f->wait.on;
  int n = m->status == LUV_MAIL_DONE && (m->op < LUV_DO_PAIRS || (m->op > LUV_DO_IPAIRS && m->op < LUV_DO_BATCH)) ? luv__letter_move(f->base, &m->answer) : 0;
  if (n) luv__mail_free(f->state, m);
  return n;
}

static const luv_op call_op = {.name = "proxy call", .flags = LUV_OP_EXTERNAL | LUV_OP_APART | LUV_OP_REPORTS, .begin = begin,
                               .abandon = abandon, .deliver = deliver, .move = move, .write = write_call};

/* From here on nothing that runs code of the script's comes before the wait. */
int luv__proxy_send(luv_state *S, lua_State *L, luv_mail *m) {
  queue_push(&luv__proxies(S)->unsent, &m->mine);
  return luv__suspend(S, L, &call_op, m, 0, LUV_NO_TIMEOUT);
}

/* Has that done with r; what is on L from `first` on goes along. Arguments may run code of the script's
 * as they are packed, so r is held. */
int luv__proxy_ask(luv_state *S, lua_State *L, luv_ref *r, int op, int first) {
  luv_mail *m;
  luv__check_cancel(S, L);
  m = luv__mail_new(S, r, op);
  if (!m) return luaL_error(L, "not enough memory");
  queue_remove(&m->mine); /* it is on this stack alone while others may run */
  if (luv__letter_pack(S, L, first, lua_gettop(L) - first + 1, 0, r->owner, &m->ask)) {
    luv__mail_free(S, m);
    return luv__encode_error(S, L, "pass");
  }
  return luv__proxy_send(S, L, m);
}
