/* select.c - luv.select: the first of several waits.
 *
 * Each case is a wait record of its own, in a small luv_fiber that never runs Lua code: its
 * `base` is a Lua thread with the object and arguments where a suspended call has them,
 * so any operation of any module can serve it. A case that ends does so through luv__wake
 * like any wait; luv__case_done then unlinks all the others, before anything else can
 * happen, and wakes the fiber. So one case ends, and nothing is taken by the others.
 *
 * The cases are tried in random order, each by its own method; a channel without calling
 * one. What has to wait has only asked (DESIGN rule 6): it is linked in begin. */
#include "sync.h"

#define MAX_CASES 100000
#define FEW 64

typedef struct luv_choice luv_choice;

typedef struct {
  luv_fiber f;
  luv_choice *sel;
  int nargs;    /* of the method's call, on its thread; -1: a channel */
  int index;
  int asked;    /* the method has been called, and has to wait */
  int linked;
} luv_case;

struct luv_choice {
  luv_fiber *parent;
  int n, winner;
  int waiting;  /* the parent waits */
  uint8_t out;  /* of the winner, once its values have been asked for */
  luv_case v[];
};

enum { AT_CASES = 1, AT_SELECT, AT_THREADS };
enum { NOT_READY = 0, FAILED = -1, GENERIC = -2, SERVED = -3 };

static uint32_t draw(uint32_t n) {
  static __thread uint32_t x = 2463534242u;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return (uint32_t)(((uint64_t)x * n) >> 32);
}

static luv_case *case_of(luv_fiber *f) { return luv_container(f, luv_case, f); }

luv_fiber *luv__case_owner(luv_fiber *f) { return case_of(f)->sel->parent; }

uint32_t luv__case_count(luv_fiber *f, int (*is)(const luv_fiber *f, const void *of), const void *of) {
  luv_choice *s = case_of(f)->sel;
  uint32_t n = 0;
  int i;
  for (i = 0; i < s->n; i++) n += s->v[i].linked && is(&s->v[i].f, of);
  return n;
}

/* ---- the end of it ----------------------------------------------------------------- */

/* Cases leave their queues first of all: a semaphore that serves the next in line when one
 * gives up shall not find another of them. */
static void drop(luv_state *S, luv_choice *s) {
  int i;
  for (i = 0; i < s->n; i++) {
    luv_case *c = &s->v[i];
    luv__due_remove(&S->heap, &c->f.wait.due);
    c->f.wait.due.at = 0;
    if (c->linked && c->f.wait.op == &luv__op_acquire) queue_remove(&c->f.wait.node);
  }
  for (i = 0; i < s->n; i++) {
    luv_case *c = &s->v[i];
    const luv_op *op = c->f.wait.op;
    int lasting = c->linked && c->f.status == LUV_WAITING;
    int asked = c->asked && !c->linked && c->f.wait.op == &luv__op_go;
    if ((lasting || asked) && op->abandon) op->abandon(S, &c->f);
    if (lasting) queue_remove(&c->f.wait.node);
    c->f.status = LUV_READY;
    c->asked = c->linked = 0;
  }
}

/* A case's wait has ended: luv__wake has unlinked it. */
void luv__case_done(luv_state *S, luv_fiber *f) {
  luv_case *c = case_of(f);
  luv_choice *s = c->sel;
  luv_assert(s->winner < 0);
  s->winner = c->index;
  c->linked = 0;
  drop(S, s); /* who has served this one may be about to serve the next */
  if (!s->waiting) return;
  s->waiting = 0;
  luv__wake(S, s->parent, LUV_OUT_OWN);
}

static int moved(luv_case *c, lua_State *W) {
  luaL_checkstack(W, c->f.nargs, "too many results");
  if (c->f.in != W) lua_xmove(c->f.in, W, c->f.nargs);
  return c->f.nargs;
}

/* The index, and n values above it; or the error alone. */
static int with_index(lua_State *W, int n) {
  if (n != LUV_RAISE) return n + 1;
  lua_remove(W, -2);
  return n;
}

/* A finaliser may fail in the midst of it: the outcome stays as it was, for another try. */
static int push_outcome(luv_state *S, luv_choice *s, lua_State *W) {
  luv_case *c = &s->v[s->winner];
  if (s->out) c->f.out = s->out;
  s->out = c->f.out;
  lua_pushinteger(W, s->winner + 1);
  return with_index(W, s->out == LUV_OUT_STACK ? moved(c, W) : luv__outcome(S, &c->f, c->f.in, W));
}

/* The same for a call that has not waited, on L. */
static int push_here(luv_state *S, luv_choice *s, lua_State *L) {
  luv_case *c = &s->v[s->winner];
  int n;
  lua_pushinteger(L, s->winner + 1);
  n = c->f.out == LUV_OUT_STACK ? moved(c, L) : luv__outcome_here(S, &c->f, c->f.in, L);
  n = with_index(L, n);
  return n == LUV_RAISE ? lua_error(L) : n;
}

static int move(luv_fiber *f) {
  luv_choice *s = f->wait.on;
  luv_case *c = &s->v[s->winner];
  if (c->f.out != LUV_OUT_STACK || c->f.nargs > 4) return 0;
  lua_pushinteger(f->base, s->winner + 1);
  lua_xmove(c->f.base, f->base, c->f.nargs);
  return c->f.nargs + 1;
}

static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  (void)L;
  return push_outcome(S, f->wait.on, W);
}

static int again(const luv_fiber *f) {
  const luv_choice *s = f->wait.on;
  const luv_fiber *c = &s->v[s->winner].f;
  return luv__can_be_repeated(c, s->out ? s->out : c->out);
}

static void abandon(luv_state *S, luv_fiber *f) {
  luv_choice *s = f->wait.on;
  s->waiting = 0;
  drop(S, s);
}

/* For a dump: " of 1 chan get on luv.chan 0x…, 2 …". */
static void write(luv_state *S, luv_fiber *f, FILE *out) {
  luv_choice *s = f->wait.on;
  int i;
  for (i = 0; i < s->n && i < 8; i++) {
    fprintf(out, "%s %d ", i ? "," : " of", i + 1);
    luv__write_wait(S, &s->v[i].f, out);
  }
  if (s->n > i) fprintf(out, " and %d more", s->n - i);
}

/* ---- linking ------------------------------------------------------------------------- */

/* A finaliser may have closed the object since the case was laid out, or asked. What files and Go
 * do for it has begun, and goes on. */
static int has_closed(luv_case *c) {
  luv_box *b = luv__anybox(c->f.in, 1);
  const luv_op *op = c->f.wait.op;
  return b && (!b->o || b->o->flags & LUV_O_CLOSING) && !(op->flags & LUV_OP_BEGUN);
}

static void link_case(luv_state *S, luv_case *c) {
  c->linked = 1;
  if (!has_closed(c)) {
    luv__wait_begin(S, &c->f);
    return;
  }
  c->f.status = LUV_WAITING;
  luv__wake_error(S, &c->f, UV_ECANCELED);
}

/* A finaliser may have used a channel since it was tried. May raise (memory). */
static int serve_channel(luv_state *S, luv_case *c) {
  lua_State *T = c->f.in;
  luv_chan_t *ch = c->nargs < 0 ? (luv_chan_t *)luv__anybox(T, 1)->o : NULL;
  int get = c->f.wait.op == &luv__op_get;
  if (!ch) return 0;
  if (get ? !luv__chan_take(S, ch, T, 1) : ch->ended || !luv__chan_give(S, ch, T, 1, 2)) return 0;
  c->f.nargs = 1;
  c->f.out = get ? LUV_OUT_STACK : LUV_OUT_SELF;
  c->sel->winner = c->index;
  return 1;
}

/* Returns whether one of the channels has what its case wants. */
static int serve_channels(luv_state *S, luv_choice *s) {
  int i;
  for (i = 0; i < s->n; i++)
    if (serve_channel(S, &s->v[i])) return 1;
  return 0;
}

/* Links all; returns whether one of them has ended at once. */
static int link_all(luv_state *S, luv_choice *s) {
  int i;
  for (i = 0; i < s->n && s->winner < 0; i++) link_case(S, &s->v[i]);
  return s->winner >= 0;
}

static int any_external(luv_choice *s) {
  int i;
  for (i = 0; i < s->n; i++)
    if (s->v[i].f.wait.op->flags & LUV_OP_EXTERNAL || s->v[i].f.wait.due.at) return 1;
  return 0;
}

static const luv_op event_op;

static int begin(luv_state *S, luv_fiber *f) {
  luv_choice *s = f->wait.on;
  if (any_external(s)) f->wait.op = &event_op;
  queue_push(&S->asleep, &f->wait.node);
  if (link_all(S, s)) return LUV_OUT_OWN;
  s->waiting = 1;
  return 0;
}

static const luv_op select_op = {.name = "select", .begin = begin, .abandon = abandon, .deliver = deliver, .again = again,
                                 .move = move, .write = write};
/* One of its cases can be ended from outside. */
static const luv_op event_op = {.name = "select", .flags = LUV_OP_EXTERNAL, .begin = begin, .abandon = abandon,
                                .deliver = deliver, .again = again, .move = move, .write = write};

/* ---- what a script passes ------------------------------------------------------------- */

static int bad_case(luv_state *S, lua_State *L, int i, const char *what) {
  char text[160];
  snprintf(text, sizeof text, "case %d: %s", i, what);
  return luv__arg_error(S, L, 1, "select", text);
}

/* The method of a case that names none: what waits for that kind of object. */
static const char *default_method(lua_State *L, int obj) {
  static const char *const names[] = {"next", "join", "wait", "recv", "accept", "get"};
  size_t i;
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    lua_getfield(L, obj, names[i]);
    if (!lua_isnil(L, -1)) return names[i];
    lua_pop(L, 1);
  }
  return NULL;
}

/* What has an effect before it is done cannot be a loser: the methods that take back what they
 * have begun, in this module or in any other that uses the names. */
static int takes_back(const char *m, int class_id) {
  static const char *const names[] = {"next", "wait", "join", "recv", "accept", "get", "put", "lock",
    "acquire", "read", "read_exactly", "read_line", "read_until", "read_all", "recv_multipart", NULL};
  int i;
  for (i = 0; names[i]; i++)
    if (strcmp(m, names[i]) == 0) return 1;
  return luv__classes[class_id]->flags & LUV_CLASS_SENDS && strcmp(m, "send") == 0;
}

/* Pushes the method of the object at `obj`, whose name is above it. */
static void push_method(luv_state *S, lua_State *L, int i, int obj) {
  const char *name = lua_type(L, obj + 1) == LUA_TSTRING ? lua_tostring(L, obj + 1) : NULL;
  int class_id = luv__class_of(S, L, obj);
  if (class_id < 0) bad_case(S, L, i, "it has to begin with an object of luv's");
  if (lua_isnil(L, obj + 1)) {
    if (!default_method(L, obj)) bad_case(S, L, i, "which method?");
  } else if (!name) bad_case(S, L, i, "the name of a method expected");
  else lua_getfield(L, obj, name);
  if (!lua_isfunction(L, -1)) bad_case(S, L, i, "the object has no such method");
  if (name && !takes_back(name, class_id))
    bad_case(S, L, i, "this method cannot be selected: it does not wait, or does not take back what it has begun");
}

/* Lays the call of a method out on T. */
static void lay_out_call(luv_state *S, lua_State *L, luv_case *c, lua_State *T, int t) {
  int j, extra, method, top = lua_gettop(L), n = (int)lua_objlen(L, t);
  push_method(S, L, c->index + 1, t + 1);
  method = lua_gettop(L);
  luaL_checkstack(L, n + 4, "too many arguments");
  extra = luv__push_body(S, L, method);
  lua_pushvalue(L, method);
  lua_pushvalue(L, t + 1);
  for (j = 3; j <= n; j++) lua_rawgeti(L, t, j);
  n = n > 2 ? n - 2 : 0;
  if (!lua_checkstack(T, n + extra + LUA_MINSTACK)) luaL_error(L, "too many arguments");
  lua_xmove(L, T, n + extra + 2);
  c->nargs = n + extra + 1;
  lua_settop(L, top);
}

/* A channel needs no call: its wait is filled in. */
static void lay_out_channel(luv_state *S, lua_State *L, luv_case *c, lua_State *T, int t, luv_box *b) {
  const char *m = lua_tostring(L, t + 2);
  int put = m && strcmp(m, "put") == 0;
  double timeout;
  lua_rawgeti(L, t, put ? 4 : 3);
  timeout = luv__opt_timeout(S, L, -1, put ? 2 : 1, put ? "put" : "get");
  lua_pop(L, 1);
  lua_pushvalue(L, t + 1);
  lua_rawgeti(L, t, 3);
  lua_xmove(L, T, 2);
  c->nargs = -1;
  c->f.wait.op = put ? &luv__op_put : &luv__op_get;
  c->f.wait.on = b->o;
  if (timeout >= 0) c->f.wait.due.at = luv__due_in(S, timeout);
}

static void init_case(luv_state *S, luv_choice *s, int i, lua_State *T) {
  luv_case *c = &s->v[i];
  c->sel = s;
  c->index = i;
  c->f.state = S;
  c->f.base = c->f.in = T;
  c->f.is_main = LUV_IS_CASE;
  c->f.status = LUV_READY;
  c->f.wait.op = &luv__op_none;
  queue_init(&c->f.wait.node);
  queue_init(&c->f.joiners);
}

/* The case at i, as table, object and name on top of L; returns the table's place. */
static int push_case(luv_state *S, lua_State *L, int i) {
  lua_rawgeti(L, AT_CASES, i);
  if (!lua_istable(L, -1)) bad_case(S, L, i, "a table expected");
  lua_rawgeti(L, -1, 1);
  lua_rawgeti(L, -2, 2);
  return lua_gettop(L) - 2;
}

static int is_channel_case(lua_State *L, int t, luv_box **b) {
  const char *m = lua_type(L, t + 2) == LUA_TSTRING ? lua_tostring(L, t + 2) : NULL;
  *b = luv__tobox(L, t + 1, luv__class_chan.id);
  return *b && (*b)->o && ((!m && lua_isnil(L, t + 2)) ||
         (m && (strcmp(m, "get") == 0 || strcmp(m, "put") == 0)));
}

/* All that needs memory, before anything has begun. */
static luv_choice *prepare(luv_state *S, lua_State *L, int n) {
  size_t size = sizeof(luv_choice) + (size_t)n * sizeof(luv_case);
  luv_choice *s = lua_newuserdata(L, size);
  int i;
  memset(s, 0, size);
  s->n = n;
  s->winner = -1;
  s->parent = luv__me(S);
  lua_createtable(L, n, 0);
  for (i = 0; i < n; i++) {
    int t = push_case(S, L, i + 1);
    luv_box *b;
    lua_State *T = lua_newthread(L);
    lua_rawseti(L, AT_THREADS, i + 1);
    init_case(S, s, i, T);
    if (is_channel_case(L, t, &b)) lay_out_channel(S, L, &s->v[i], T, t, b);
    else lay_out_call(S, L, &s->v[i], T, t);
    lua_settop(L, AT_THREADS);
  }
  return s;
}

/* ---- trying ---------------------------------------------------------------------------- */

/* Tries a channel; returns how many results are on top of L, or NOT_READY or GENERIC. */
static int try_channel(luv_state *S, lua_State *L, int i) {
  int top = lua_gettop(L), t = push_case(S, L, i), n;
  luv_box *b;
  luv_chan_t *c;
  const char *m;
  if (!is_channel_case(L, t, &b)) {
    lua_settop(L, top);
    return GENERIC;
  }
  c = (luv_chan_t *)b->o;
  m = lua_tostring(L, t + 2);
  if (m && *m == 'p') {
    lua_rawgeti(L, t, 3);
    if (c->ended) return luv__fail(L, UV_EOF);
    n = luv__chan_give(S, c, L, t + 1, t + 3);
    if (n) lua_pushvalue(L, t + 1);
  } else {
    n = luv__chan_take(S, c, L, t + 1);
    if (!n && c->ended) return luv__fail(L, UV_EOF);
  }
  if (!n) lua_settop(L, top);
  return n;
}

/* Calls the method of a case on its own thread. Returns the number of results there, FAILED
 * with the error there, or NOT_READY: it has asked to wait. */
static int try_call(luv_state *S, lua_State *L, luv_case *c) {
  luv_fiber *outer = S->current;
  lua_State *T = c->f.base;
  int rc, suspended;
  if (c->asked) return NOT_READY;
  S->current = &c->f;
  rc = luv__vm_resume(L, T, c->nargs);
  suspended = rc == LUA_YIELD && S->suspended;
  S->current = outer;
  S->suspended = 0;
  luv__regain(S, L);
  c->asked = suspended;
  if (suspended) return NOT_READY;
  if (rc == 0) return lua_gettop(T) + 1; /* the index, too */
  if (rc == LUA_YIELD) lua_pushliteral(T, "select: the method cannot be selected");
  return FAILED;
}

static int push_result(luv_state *S, lua_State *L, luv_choice *s, int i, int n) {
  lua_State *T = s->v[i].f.in;
  drop(S, s);
  if (n == FAILED) {
    lua_xmove(T, L, 1);
    return lua_error(L);
  }
  n--;
  luaL_checkstack(L, n + 1, "too many results");
  lua_pushinteger(L, i + 1);
  lua_xmove(T, L, n);
  return n + 1;
}

/* Looks at the outside once, for a call that is not to wait. */
static int glance(luv_state *S, lua_State *L, luv_choice *s) {
  if (!serve_channels(S, s) && !link_all(S, s)) luv__glance(S);
  if (s->winner < 0) {
    drop(S, s);
    return 0;
  }
  return push_here(S, s, L);
}

static int push_served(luv_state *S, lua_State *L, luv_choice *s) {
  drop(S, s);
  return push_here(S, s, L);
}

static int try_laid_out(luv_state *S, lua_State *L, luv_case *c) {
  if (c->nargs >= 0) return try_call(S, L, c);
  if (serve_channel(S, c)) return SERVED;
  return NOT_READY;
}

/* In which order the cases are tried: at random; of many, each so far from the one before, from
 * a random one on. */
typedef struct { uint32_t n, k, at, step; uint8_t rest[FEW]; } order;

static uint32_t common(uint32_t a, uint32_t b) { return b ? common(b, a % b) : a; }

static void order_begin(order *o, int n) {
  uint32_t i;
  o->n = (uint32_t)n;
  o->k = o->at = 0;
  o->step = 1;
  for (i = 0; n <= FEW && i < o->n; i++) o->rest[i] = (uint8_t)i;
  if (n <= FEW) return;
  o->at = draw(o->n);
  do o->step = 1 + draw(o->n - 1);
  while (common(o->n, o->step) != 1);
}

static int order_next(order *o) {
  uint32_t i, j = o->k++;
  if (o->n > FEW) return (int)(o->at = (o->at + o->step) % o->n);
  i = j + draw(o->n - j);
  j = o->rest[i];
  o->rest[i] = o->rest[o->k - 1];
  return (int)j;
}

static int try_all(luv_state *S, lua_State *L, int n, luv_choice **s) {
  order o;
  int i, k, got;
  order_begin(&o, n);
  for (k = 0; k < n; k++) {
    i = order_next(&o);
    got = *s ? GENERIC : try_channel(S, L, i + 1);
    if (got > 0) {
      if (*s) drop(S, *s);
      lua_pushinteger(L, i + 1);
      lua_insert(L, -got - 1);
      return got + 1;
    }
    if (got != GENERIC) continue;
    if (!*s) { /* from here on the script's table does not count */
      *s = prepare(S, L, n);
      order_begin(&o, n);
      k = -1;
      continue;
    }
    got = try_laid_out(S, L, &(*s)->v[i]);
    if (got == SERVED) return push_served(S, L, *s);
    if (got != NOT_READY) return push_result(S, L, *s, i, got);
  }
  return 0;
}

static int outside(luv_state *S) { return luv_current(S) || S->depth == 0; }

/* index, ... = luv.select{ {object, "method", ...}, ..., timeout = s, default = true } */
int luv_select(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_choice *s = NULL;
  int n, got, by_default;
  double timeout;
  if (!lua_istable(L, 1)) return luv__type_error(S, L, 1, 1, "select", "table");
  lua_settop(L, 1);
  lua_getfield(L, 1, "default");
  by_default = lua_toboolean(L, -1);
  lua_getfield(L, 1, "timeout");
  timeout = by_default ? 0 : luv__opt_timeout(S, L, 3, 1, "select");
  lua_settop(L, 1);
  n = (int)lua_objlen(L, 1);
  if (n < 1 || n > MAX_CASES) return luv__arg_error(S, L, 1, "select", "1 to 100000 cases expected");
  luv__check_cancel(S, L);
  if ((got = try_all(S, L, n, &s))) return got;
  if (timeout == 0 || !outside(S)) {
    if (s && (got = glance(S, L, s))) return got;
    if (!by_default) return luv__fail(L, UV_ETIMEDOUT);
    lua_pushnil(L);
    return 1;
  }
  if (!s) s = prepare(S, L, n);
  if (serve_channels(S, s)) return push_served(S, L, s);
  return luv__suspend(S, L, &select_op, s, 0, timeout);
}
