/* wait.c - one wait, one token (DESIGN rule 6).
 *
 * A fiber waits through its wait record and in no other way. The call that must wait fills the
 * record in, and the operation's `begin` links it; nothing that can raise comes between that
 * and the switch to the scheduler, so `begin` does not raise, and allocates nothing of Lua's
 * but protected.
 *
 * Completion, timeout, close and cancel all end a wait through luv__wake, which
 * unlinks it: whichever comes first wins, the others find the fiber READY. */
#include "luv.h"

int luv__begin_asleep(luv_state *S, luv_fiber *f) {
  queue_push(&S->asleep, &f->wait.node);
  return 0;
}

static int begin_join(luv_state *S, luv_fiber *f) {
  luv_fiber *other = f->wait.on;
  (void)S;
  if (other->status == LUV_DEAD) return LUV_OUT_JOINED;
  queue_push(&other->joiners, &f->wait.node);
  return 0;
}

static void write_join(luv_state *S, luv_fiber *f, FILE *out) {
  (void)S;
  fprintf(out, " of fiber %u", ((luv_fiber *)f->wait.on)->id);
}

int luv__begin_object(luv_state *S, luv_fiber *f) {
  luv_object *o = f->wait.on;
  (void)S;
  queue_push(&o->waiters, &f->wait.node);
  return 0;
}

static int begin_goop(luv_state *S, luv_fiber *f) {
  luv_goop *op = f->wait.on;
  op->f = f;
  return luv__begin_asleep(S, f);
}

static void abandon_goop(luv_state *S, luv_fiber *f) {
  luv_goop *op = f->wait.on;
  op->f = NULL;
  S->go_callbacks++;
  luv__go_release(op->go, 0);
}

const luv_op luv__op_none = {.name = "nothing"};
const luv_op luv__op_sleep = {.name = "sleep", .flags = LUV_OP_EXTERNAL, .begin = luv__begin_asleep};
const luv_op luv__op_join = {.name = "join", .begin = begin_join, .write = write_join};
const luv_op luv__op_suspend = {.name = "suspend", .begin = luv__begin_asleep}; /* fiber:suspend(), until fiber:resume() */
const luv_op luv__op_event = {.name = "event", .flags = LUV_OP_EXTERNAL, .begin = luv__begin_object}; /* an object's next, counted */
/* Of one that is given up the attempt goes on; a later call sees EALREADY, or the connection. */
const luv_op luv__op_connect = {.name = "connect", .flags = LUV_OP_EXTERNAL, .begin = luv__begin_object};
const luv_op luv__op_go = {.name = "operation", .flags = LUV_OP_EXTERNAL | LUV_OP_BEGUN, .begin = begin_goop, .abandon = abandon_goop};
const luv_op luv__op_run = {.name = "run", .begin = luv__begin_asleep}; /* luv.run: until nothing is left */

/* Ends the wait: from here on nothing but the run loop knows the fiber. */
void luv__wake(luv_state *S, luv_fiber *f, int out) {
  luv_assert(f->status == LUV_WAITING);
  queue_remove(&f->wait.node);
  f->wait.due.at = 0; /* its heap entry, if there is one, is lazy */
  S->external -= f->wait.external;
  f->wait.external = 0;
  f->out = (uint8_t)(f->wait.keep && out == LUV_OUT_TRUE ? LUV_OUT_STACK : out);
  f->wait.keep = 0;
  luv__enqueue(S, f);
}

void luv__wake_error(luv_state *S, luv_fiber *f, int err) {
  f->wait.arg = (uint64_t)(int64_t)err;
  luv__wake(S, f, LUV_OUT_ERROR);
}

/* What becomes of main by Ctrl-C, a deadlock or the end of its state does not wait. */
static int holds_on(luv_state *S, luv_fiber *f, int out) {
  if (!f->wait.op->holds_on || out == LUV_OUT_RAISE || out == LUV_OUT_STACK || out == LUV_OUT_DEADLOCK) return 0;
  return f->wait.op->holds_on(S, f, out);
}

void luv__abandon(luv_state *S, luv_fiber *f, int out) {
  const luv_op *op = f->wait.op;
  luv_assert(f->status == LUV_WAITING);
  if (LUV_UNLIKELY(holds_on(S, f, out))) return;
  if (op->abandon) op->abandon(S, f);
  if (out == LUV_OUT_TIMEOUT && op->flags & LUV_OP_TELLS) out = LUV_OUT_OWN;
  /* One that was suspended while ready goes on as it would have: it was in no wait. */
  luv__wake(S, f, f->wait.keep ? LUV_OUT_TRUE : out);
}

void luv__wake_all(luv_state *S, luv_queue *waiters, int out, uint64_t arg) {
  while (!queue_empty(waiters)) {
    luv_fiber *f = luv_container(waiters->next, luv_fiber, wait.node);
    f->wait.arg = arg;
    luv__wake(S, f, out);
  }
}

void luv__wake_all_error(luv_state *S, luv_queue *waiters, int err) {
  luv__wake_all(S, waiters, LUV_OUT_ERROR, (uint64_t)(int64_t)err);
}

/* Begins the wait that the record states. It may have ended when this returns. */
void luv__wait_begin(luv_state *S, luv_fiber *f) {
  luv_wait *w = &f->wait;
  int out;
  luv_assert(f->is_main ? f->status != LUV_WAITING : f->status == LUV_READY);
  luv_assert(w->op && w->op != &luv__op_none && queue_empty(&w->node) && !w->external);
  f->status = LUV_WAITING;
  w->seq++;
  w->since = S->now;
  queue_init(&w->node);
  out = w->op->begin(S, f);
  if (f->status != LUV_WAITING) return; /* the beginning itself ended it */
  luv_assert(out || !queue_empty(&w->node));
  if (f->is_main != LUV_IS_CASE) w->external = w->op->flags & LUV_OP_EXTERNAL || w->due.at != 0;
  S->external += w->external; /* of a case: its select is counted */
  if (out) luv__wake(S, f, out);
  else if (w->due.at && luv__due_insert(&S->heap, &w->due, w->due.at))
    luv__wake_error(S, f, UV_ENOMEM);
}

/* Fills the record in: the earlier of the call's own deadline and luv.timeout's. Returns
 * LUV_OUT_EXPIRED if the latter has passed already. */
int luv__wait_prepare(luv_state *S, luv_fiber *f, const luv_op *op, void *on, uint64_t arg, double timeout) {
  luv_wait *w = &f->wait;
  uint64_t limit = LUV_LIKELY(!f->limits) ? LUV_FOREVER : luv__limit(f);
  w->op = op;
  w->on = on;
  w->arg = arg;
  w->scoped = 0;
  w->due.at = 0;
  if (timeout >= 0) w->due.at = luv__due_in(S, timeout);
  if (limit == LUV_FOREVER || op->flags & LUV_OP_UNLIMITED) return 0;
  if (timeout < 0) S->now = uv_hrtime();
  if (limit <= S->now && !(op->flags & LUV_OP_LATE)) return LUV_OUT_EXPIRED;
  if (w->due.at && w->due.at <= limit) return 0;
  w->due.at = limit;
  w->scoped = 1;
  return 0;
}
