/* select_wait.c - the cases of a luv.select wait, and one of them ends. */
#include "select.h"

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
void luv__select_drop(luv_state *S, luv_choice *s) {
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
  luv__select_drop(S, s); /* who has served this one may be about to serve the next */
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

/* For a call that has not waited. */
int luv__select_push(luv_state *S, luv_choice *s, lua_State *L) {
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
  luv__select_drop(S, s);
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
int luv__select_serve(luv_state *S, luv_case *c) {
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

int luv__select_serve_any(luv_state *S, luv_choice *s) {
  int i;
  for (i = 0; i < s->n; i++)
    if (luv__select_serve(S, &s->v[i])) return 1;
  return 0;
}

int luv__select_link(luv_state *S, luv_choice *s) {
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
  if (luv__select_link(S, s)) return LUV_OUT_OWN;
  s->waiting = 1;
  return 0;
}

const luv_op luv__op_select = {.name = "select", .begin = begin, .abandon = abandon, .deliver = deliver, .again = again,
                                 .move = move, .write = write};
/* One of its cases can be ended from outside. */
static const luv_op event_op = {.name = "select", .flags = LUV_OP_EXTERNAL, .begin = begin, .abandon = abandon,
                                .deliver = deliver, .again = again, .move = move, .write = write};
