/* mutex.c - luv.mutex: one fiber at a time.
 *
 * unlock hands the mutex to the fiber that has waited longest: it owns it before it runs,
 * so nobody overtakes it. The mutexes of a fiber hang on fiber->ties; one that dies lets
 * go of them. `with` is a plain pcall, and lets go in whatever way its function ends. */
#include "sync.h"

static luv_mutex *check(luv_state *S, lua_State *L, const char *fname) {
  return luv__self(S, L, luv__class_mutex.id, fname);
}

static inline void own(luv_mutex *m, luv_fiber *f) {
  m->owner = f;
  m->tie.next = f->ties;
  m->tie.prev = &f->ties;
  if (m->tie.next) m->tie.next->prev = &m->tie.next;
  f->ties = &m->tie;
}

static inline void disown(luv_mutex *m) {
  *m->tie.prev = m->tie.next;
  if (m->tie.next) m->tie.next->prev = m->tie.prev;
  m->owner = NULL;
}

static int goes_on(luv_state *S, luv_fiber *f, int out) {
  (void)S, (void)f, (void)out;
  return 1;
}

/* Of a cond's mutex, after the condition: nothing ends it but the mutex. */
static const luv_op relock_op = {.name = "mutex", .holds_on = goes_on};

/* Lets go of m: the next in line owns it, and ends its wait, for a lock or a condition. */
void luv__mutex_release(luv_state *S, luv_mutex *m) {
  luv_fiber *f;
  disown(m);
  if (LUV_LIKELY(queue_empty(&m->o.waiters))) return;
  f = luv__first_waiter(&m->o.waiters);
  own(m, f->is_main == LUV_IS_CASE ? luv__case_owner(f) : f);
  luv__wake(S, f, f->wait.op == &relock_op ? (int)f->wait.done : LUV_OUT_SELF);
}

static void ended(luv_state *S, luv_tie *t) { luv__mutex_release(S, luv_container(t, luv_mutex, tie)); }

/* f waits to own m again; then its wait ends with `out`. */
void luv__mutex_relock(luv_state *S, luv_mutex *m, luv_fiber *f, int out) {
  luv_wait *w = &f->wait;
  queue_remove(&w->node);
  if (!m->owner) {
    own(m, f);
    luv__wake(S, f, out);
    return;
  }
  S->external -= w->external;
  w->external = 0;
  w->due.at = 0;
  w->op = &relock_op;
  w->on = m;
  w->done = (uint64_t)out;
  queue_push(&m->o.waiters, &w->node);
}

int luv__mutex_owned(luv_mutex *m, luv_fiber *f) { return m->owner == f; }

/* The mutex closes: nobody owns it any more; those that wait to have it back go on. */
static void leaving(luv_object *o) {
  luv_mutex *m = (luv_mutex *)o;
  luv_state *S = o->S;
  luv_queue *q, *next;
  if (!S) return;
  if (m->owner) disown(m);
  for (q = m->o.waiters.next; q != &m->o.waiters; q = next) {
    luv_fiber *f = luv_container(q, luv_fiber, wait.node);
    next = q->next;
    if (f->wait.op == &relock_op) luv__wake(S, f, (int)f->wait.done);
  }
}

static void write(luv_object *o, FILE *out) {
  luv_fiber *owner = ((luv_mutex *)o)->owner;
  if (!owner) return;
  if (owner->is_main) fputs(", locked by the main chunk", out);
  else fprintf(out, ", locked by fiber %u", owner->id);
}

luv_class luv__class_mutex = {.name = "luv.mutex", .leaving = leaving, .write = write};

static int begin_lock(luv_state *S, luv_fiber *f) {
  luv_mutex *m = f->wait.on;
  (void)S;
  if (!m->owner) {
    own(m, f->is_main == LUV_IS_CASE ? luv__case_owner(f) : f);
    return LUV_OUT_SELF;
  }
  queue_push(&m->o.waiters, &f->wait.node);
  return 0;
}

static const luv_op lock_op = {.name = "mutex", .begin = begin_lock};

/* m = luv.mutex() */
int luv_mutex_create(lua_State *L) {
  luv_object *o;
  luv__make(luv_enter(L), L, luv__class_mutex.id, sizeof(luv_mutex), &o);
  ((luv_mutex *)o)->tie.ended = ended;
  return 1;
}

/* Who locks and unlocks: while a select asks its cases, the fiber that is in select. */
static luv_fiber *holder(luv_state *S) {
  luv_fiber *f = luv__me(S);
  while (f->is_main == LUV_IS_CASE) f = luv__case_owner(f);
  return f;
}

static int lock(luv_state *S, lua_State *L, luv_mutex *m, double timeout) {
  luv_fiber *me = holder(S);
  luv__check_cancel(S, L);
  if (!m) return luv__fail(L, UV_EBADF);
  if (LUV_LIKELY(!m->owner)) {
    own(m, me);
    lua_settop(L, 1);
    return 1;
  }
  if (m->owner == me && timeout != 0)
    return luv__error(S, L, "lock: the mutex is locked by this fiber already");
  return luv__suspend(S, L, &lock_op, m, 0, timeout);
}

static __attribute__((noinline)) int lock_slowly(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_mutex *m = check(S, L, "lock");
  return lock(S, L, m, luv__opt_timeout(S, L, 2, 1, "lock"));
}

/* m = m:lock([timeout]) */
LUV_HOT int luv_mutex_lock(lua_State *L) {
  luv_mutex *m = luv__quick(L, luv__class_mutex.id);
  luv_fiber *me = m && !m->owner && luv__calm(m->o.S) ? luv__me(m->o.S) : NULL;
  if (LUV_UNLIKELY(!me || me->is_main == LUV_IS_CASE || lua_gettop(L) != 1)) return lock_slowly(L);
  own(m, me);
  return 1;
}

/* m = m:try_lock() */
int luv_mutex_try_lock(lua_State *L) {
  luv_state *S = luv_enter(L);
  return lock(S, L, check(S, L, "try_lock"), 0);
}

static __attribute__((noinline)) int unlock_slowly(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_mutex *m = check(S, L, "unlock");
  luv__last(S, L, 1, 0, "unlock");
  if (!m) return luv__fail(L, UV_EBADF);
  if (m->owner != holder(S))
    return luv__error(S, L, m->owner ? "unlock: another fiber has locked the mutex"
                                     : "unlock: the mutex is not locked");
  luv__mutex_release(S, m);
  lua_settop(L, 1);
  return 1;
}

/* m = m:unlock() */
LUV_HOT int luv_mutex_unlock(lua_State *L) {
  luv_mutex *m = luv__quick(L, luv__class_mutex.id);
  if (LUV_UNLIKELY(!m || m->owner != luv__me(m->o.S) || lua_gettop(L) != 1)) return unlock_slowly(L);
  luv__mutex_release(m->o.S, m);
  return 1;
}

/* yes = m:locked() */
int luv_mutex_locked(lua_State *L) {
  luv_mutex *m = check(luv_enter(L), L, "locked");
  if (!m) return luv__fail(L, UV_EBADF);
  lua_pushboolean(L, m->owner != NULL);
  return 1;
}

/* ... = m:with(fn, ...), once it is locked: luv__mutex_glue's Lua calls this. However fn ends, m is let go. */
int luv_mutex_with(lua_State *L) {
  luv_state *S = luv_upstate(L); /* not entered: whatever fails from here on, m is let go */
  luv_fiber *me = holder(S);
  int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
  luv_box *b = lua_touserdata(L, 1);
  luv_mutex *m = (luv_mutex *)b->o;
  if (m && m->owner == me) luv__mutex_release(S, m);
  return status ? lua_error(L) : lua_gettop(L) - 1;
}

/* with begins in Lua, since lock can wait. */
static const char with[] =
  "local lock, with = ...\n"
  "return function(m, fn, ...)\n"
  "  local ok, message, code = lock(m)\n"
  "  if not ok then return ok, message, code end\n"
  "  return with(m, fn, ...)\n"
  "end";

void luv__mutex_glue(luv_state *S, lua_State *L) {
  static const luv_face lock = {.fn = luv_mutex_lock, .waits = 1, .wrapper = &luv__wrap_some};
  luv__load(S, L, with, sizeof with - 1);
  lua_insert(L, -2);
  luv__push_face(S, L, &lock, luv__class_mutex.id);
  lua_insert(L, -2);
  lua_call(L, 2, 1);
}
