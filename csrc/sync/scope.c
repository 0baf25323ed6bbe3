/* scope.c - luv.scope: fibers that end with the function that made them.
 *
 * A child has fiber->keeper, and its place in scope->v, from spawn to its death; so no table
 * of Lua's has to be kept for it. The first error, of a child or of the function, is kept in
 * the registry, and the others are cancelled. The function's wait for them at the end
 * (&wait_op) is not left by a cancel or a timeout: these become the error, unless there
 * is one. What runs fn and then waits is a few lines of Lua in suspend.c. */
#include "sync.h"

struct luv_scope_t {
  luv_object o;
  luv_keeper keeper;
  luv_fiber *owner;   /* if it is still there: owner_of */
  uint32_t owner_slot, owner_id;
  luv_fiber **v;
  uint32_t n, cap;
  int over;        /* fn has returned */
  int aborted;     /* the rest is being cancelled */
  int flagged;     /* the owner's cancellation is the scope's own */
  int error, text; /* registry: the first error, and its traceback */
  int out;         /* or: CANCEL, EXPIRED, RAISE: no memory for the error */
};

static luv_scope_t *check(luv_state *S, lua_State *L, const char *fname) {
  luv_scope_t *s = luv__self(S, L, luv__class_scope.id, fname);
  if (!s) luv__error(S, L, "%s: the scope has ended", fname);
  return s;
}

/* NULL: gone, since it had no memory to leave the scope. */
static luv_fiber *owner_of(luv_state *S, luv_scope_t *s) {
  luv_fiber *f;
  if (!s->owner_slot) return &S->main;
  lua_rawgeti(S->M, LUA_REGISTRYINDEX, S->ref_anchors);
  lua_rawgeti(S->M, -1, (int)(2 * s->owner_slot));
  f = lua_touserdata(S->M, -1);
  lua_pop(S->M, 2);
  return f && f->id == s->owner_id ? f : NULL;
}

static void cancel_children(luv_state *S, luv_scope_t *s) {
  uint32_t i;
  for (i = 0; i < s->n; i++)
    if (s->v[i] != luv_current(S) || s->v[i]->status == LUV_WAITING) luv__fiber_cancel(S, s->v[i]);
}

static void abort_scope(luv_state *S, luv_scope_t *s) {
  luv_fiber *owner;
  if (s->aborted) return;
  s->aborted = 1;
  cancel_children(S, s);
  if (s->over || !(owner = owner_of(S, s)) || owner->flags & LUV_F_CANCEL) return;
  s->flagged = 1;
  luv__fiber_cancel(S, owner);
}

/* Keeps the error below the traceback, both on top of W, if it is the first. */
static void keep(luv_scope_t *s, lua_State *W) {
  if (s->error || s->out) {
    lua_pop(W, 2);
    return;
  }
  s->text = luaL_ref(W, LUA_REGISTRYINDEX);
  s->error = luaL_ref(W, LUA_REGISTRYINDEX); /* LUA_REFNIL for nil */
}

static void remove_child(luv_scope_t *s, luv_fiber *f) {
  luv_fiber *last = s->v[--s->n];
  s->v[f->child] = last;
  last->child = f->child;
  f->keeper = NULL;
}

typedef struct { luv_scope_t *s; luv_fiber *f; } death;

static int keep_death(lua_State *M) {
  death *d = lua_touserdata(M, 1);
  luaL_checkstack(M, LUA_MINSTACK, "luv");
  lua_pushvalue(d->f->base, -1);
  lua_xmove(d->f->base, M, 1);
  luv__traceback(d->f->state, d->f, M, NULL);
  keep(d->s, M);
  return 0;
}

/* A child has died. */
static void child_ended(luv_state *S, luv_keeper *k, luv_fiber *f, int failed) {
  luv_scope_t *s = luv_container(k, luv_scope_t, keeper);
  death d = {s, f};
  int lost;
  remove_child(s, f);
  if (s->n == 0) luv__wake_all(S, &s->o.waiters, LUV_OUT_TRUE, 0);
  if (!failed || (f->base && luv__is_cancelled(S, f->base, -1))) return;
  lost = !f->base || luv__protect_made(S, keep_death, &d);
  if (lost && !s->error && !s->out) s->out = LUV_OUT_RAISE;
  abort_scope(S, s);
}

static const luv_op end_op;

static int begin_wait(luv_state *S, luv_fiber *f) {
  luv_scope_t *s = f->wait.on;
  (void)S;
  if (s->n == 0) return LUV_OUT_TRUE;
  queue_push(&s->o.waiters, &f->wait.node);
  return 0;
}

static void give_up(luv_state *S, luv_scope_t *s, int out) {
  if (!s->error && !s->out) s->out = out;
  abort_scope(S, s);
}

/* The owner, which waits for its children, is cancelled, or its luv.timeout has passed. */
static int end_wait(luv_state *S, luv_fiber *f, int out) {
  luv_wait *w = &f->wait;
  if (w->op == &end_op) return 1;
  if (out == LUV_OUT_CANCEL) f->flags &= (uint8_t)~LUV_F_CANCEL;
  w->op = &end_op;
  w->due.at = 0;
  S->external -= w->external;
  w->external = 0;
  give_up(S, w->on, out);
  return 1;
}

static const luv_op wait_op = {.name = "scope", .flags = LUV_OP_LATE, .begin = begin_wait, .holds_on = end_wait};
/* The same, when nothing but the children can end it. */
static const luv_op end_op = {.name = "scope", .flags = LUV_OP_UNLIMITED, .begin = begin_wait, .holds_on = end_wait};

static void leaving(luv_object *o) {
  luv_scope_t *s = (luv_scope_t *)o;
  while (s->n) remove_child(s, s->v[s->n - 1]);
  free(s->v);
  s->v = NULL;
}

luv_class luv__class_scope = {.name = "luv.scope", .leaving = leaving};

/* ---- faces ---------------------------------------------------------------------------- */

/* s = create(fn) */
int luv__scope_create(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_scope_t *s;
  luv_object *o;
  if (!lua_isfunction(L, 1)) luv__type_error(S, L, 1, 1, "scope", "function");
  luv__check_cancel(S, L);
  luv__make(S, L, luv__class_scope.id, sizeof(luv_scope_t), &o);
  s = (luv_scope_t *)o;
  s->keeper.ended = child_ended;
  s->owner = luv__me(S);
  s->owner_slot = s->owner->slot;
  s->owner_id = s->owner->id;
  return 1;
}

static void add_child(luv_scope_t *s, luv_fiber *f) {
  f->child = s->n;
  s->v[s->n++] = f;
  f->keeper = &s->keeper;
  if (s->aborted) f->flags |= LUV_F_CANCEL;
}

static void reserve(lua_State *L, luv_scope_t *s) {
  uint32_t cap = s->cap ? s->cap * 2 : 16;
  luv_fiber **v;
  if (s->n < s->cap) return;
  v = realloc(s->v, cap * sizeof *v);
  if (!v) luaL_error(L, "not enough memory");
  s->v = v;
  s->cap = cap;
}

static int has(lua_State *L, const char *method) {
  int is;
  lua_getfield(L, 2, method);
  is = lua_isfunction(L, -1);
  lua_pop(L, 1);
  return is;
}

/* A fiber, a thread, a process: what ends, and can be made to. */
static int can_be_awaited(lua_State *L) {
  return (has(L, "join") && has(L, "cancel")) || (has(L, "wait") && has(L, "kill"));
}

/* fiber = s:spawn(fn, ...); s:spawn(object) waits for a thread, a process or a fiber */
int luv_scope_spawn(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_scope_t *s = check(S, L, "spawn");
  luv_fiber *f;
  if (lua_isuserdata(L, 2) && luv__class_of(S, L, 2) >= 0) {
    if (!can_be_awaited(L)) return luv__arg_error(S, L, 1, "spawn", "nothing can wait for this object");
    lua_settop(L, 2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, luv__sync(S)->ref_watch);
    lua_insert(L, 2);
  }
  if (!lua_isfunction(L, 2)) return luv__type_error(S, L, 2, 1, "spawn", "function, thread, process or fiber");
  reserve(L, s);
  f = luv__fiber_new(S, L, lua_gettop(L) - 1);
  luv__fiber_ready(S, L, f);
  add_child(s, f);
  return 1;
}

/* s = s:cancel(): the children that there are now; fn goes on */
int luv_scope_cancel(lua_State *L) {
  luv_state *S = luv_enter(L);
  cancel_children(S, check(S, L, "cancel"));
  lua_settop(L, 1);
  return 1;
}

/* failed(s, e, text): fn has raised */
int luv__scope_failed(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_scope_t *s = check(S, L, "scope");
  s->over = 1;
  lua_settop(L, 3);
  keep(s, L);
  abort_scope(S, s);
  return 0;
}

/* A cancellation that fn has not met in a wait. */
static void take_cancel(luv_state *S, luv_scope_t *s) {
  luv_fiber *f = s->owner;
  int own = s->flagged;
  s->flagged = 0;
  if (!(f->flags & LUV_F_CANCEL)) return;
  f->flags &= (uint8_t)~LUV_F_CANCEL;
  if (!own) give_up(S, s, LUV_OUT_CANCEL);
}

/* wait(s): until the last child is gone */
int luv__scope_wait(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_scope_t *s = check(S, L, "scope");
  s->over = 1;
  take_cancel(S, s);
  if (s->n == 0) return 0;
  return luv__suspend(S, L, s->aborted ? &end_op : &wait_op, s, 0, LUV_NO_TIMEOUT);
}

/* Pushes the first error, and keeps its traceback for who reports it. */
static void push_error(luv_state *S, lua_State *L, luv_scope_t *s) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->error);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s->text);
  luaL_unref(L, LUA_REGISTRYINDEX, s->error);
  luaL_unref(L, LUA_REGISTRYINDEX, s->text);
  lua_rawseti(L, LUA_REGISTRYINDEX, S->ref_kept);
  lua_pushvalue(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, S->ref_kept_error);
}

/* leave(s): the scope ends; raises what was kept */
int luv__scope_leave(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_scope_t *s = check(S, L, "scope");
  int out = s->out, failed = s->error != 0;
  luv_fiber *owner = s->owner;
  if (failed) push_error(S, L, s);
  luv__object_close(&s->o);
  if (failed) return lua_error(L);
  if (out == LUV_OUT_RAISE) return luaL_error(L, "not enough memory");
  if (out == LUV_OUT_CANCEL) {
    uint8_t again = owner->flags & LUV_F_CANCEL;
    luv__push_cancelled(S, L, owner);
    owner->flags |= again;
    return lua_error(L);
  }
  if (out == LUV_OUT_EXPIRED) {
    luv__push_expired(S, L);
    return lua_error(L);
  }
  return 0;
}

/* luv.scope itself is Lua: see suspend.c. */
int luv_scope(lua_State *L) { return luaL_error(L, "luv: no scope"); }
