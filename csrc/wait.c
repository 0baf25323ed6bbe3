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

static int begin_asleep(luv_state *S, luv_fiber *f) {
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

static int begin_object(luv_state *S, luv_fiber *f) {
  luv_object *o = f->wait.on;
  (void)S;
  queue_push(&o->waiters, &f->wait.node);
  return 0;
}

static int begin_goop(luv_state *S, luv_fiber *f) {
  luv_goop *op = f->wait.on;
  op->f = f;
  return begin_asleep(S, f);
}

static void abandon_goop(luv_state *S, luv_fiber *f) {
  luv_goop *op = f->wait.on;
  op->f = NULL;
  S->go_callbacks++;
  luv__go_release(op->go, 0);
}

extern int luv__read_begin(luv_state *S, luv_fiber *f);
extern int luv__write_begin(luv_state *S, luv_fiber *f);
extern void luv__write_abandon(luv_state *S, luv_fiber *f);
extern void luv__read_abandon(luv_state *S, luv_fiber *f);
extern int luv__accept_begin(luv_state *S, luv_fiber *f);
extern void luv__connect_abandon(luv_state *S, luv_fiber *f);
extern int luv__zmq_recv_begin(luv_state *S, luv_fiber *f);
extern int luv__zmq_send_begin(luv_state *S, luv_fiber *f);
extern int luv__link_begin(luv_state *S, luv_fiber *f);
extern void luv__link_abandon(luv_state *S, luv_fiber *f);
extern int luv__link_begin_put(luv_state *S, luv_fiber *f);
extern int luv__proxy_begin(luv_state *S, luv_fiber *f);
extern void luv__proxy_abandon(luv_state *S, luv_fiber *f);

extern int luv__udp_recv_begin(luv_state *S, luv_fiber *f);
extern int luv__udp_send_begin(luv_state *S, luv_fiber *f);
extern void luv__udp_send_abandon(luv_state *S, luv_fiber *f);
extern int luv__poll_begin(luv_state *S, luv_fiber *f);

extern int luv__cond_begin(luv_state *S, luv_fiber *f);
extern int luv__get_begin(luv_state *S, luv_fiber *f);
extern int luv__put_begin(luv_state *S, luv_fiber *f);
extern int luv__lock_begin(luv_state *S, luv_fiber *f);
extern int luv__acquire_begin(luv_state *S, luv_fiber *f);
extern void luv__acquire_abandon(luv_state *S, luv_fiber *f);
extern int luv__group_begin(luv_state *S, luv_fiber *f);
extern int luv__flag_begin(luv_state *S, luv_fiber *f);
extern int luv__select_begin(luv_state *S, luv_fiber *f);
extern void luv__select_abandon(luv_state *S, luv_fiber *f);
extern int luv__scope_begin(luv_state *S, luv_fiber *f);

const luv_op luv__ops[LUV_OP_COUNT] = {
  [LUV_OP_NONE] = {"nothing", 0, NULL, NULL},
  [LUV_OP_SLEEP] = {"sleep", 1, begin_asleep, NULL},
  [LUV_OP_JOIN] = {"join", 0, begin_join, NULL},
  [LUV_OP_SUSPEND] = {"suspend", 0, begin_asleep, NULL},
  [LUV_OP_TIMER] = {"timer", 1, begin_object, NULL},
  [LUV_OP_EVENT] = {"event", 1, begin_object, NULL},
  [LUV_OP_COND] = {"cond", 0, luv__cond_begin, NULL},
  [LUV_OP_RELOCK] = {"mutex", 0, NULL, NULL},
  [LUV_OP_GET] = {"chan get", 0, luv__get_begin, NULL},
  [LUV_OP_PUT] = {"chan put", 0, luv__put_begin, NULL},
  [LUV_OP_LOCK] = {"mutex", 0, luv__lock_begin, NULL},
  [LUV_OP_ACQUIRE] = {"semaphore", 0, luv__acquire_begin, luv__acquire_abandon},
  [LUV_OP_GROUP] = {"waitgroup", 0, luv__group_begin, NULL},
  [LUV_OP_FLAG] = {"event", 0, luv__flag_begin, NULL},
  [LUV_OP_SELECT] = {"select", 0, luv__select_begin, luv__select_abandon},
  [LUV_OP_SELECT_EVENT] = {"select", 1, luv__select_begin, luv__select_abandon},
  [LUV_OP_SCOPE] = {"scope", 0, luv__scope_begin, NULL},
  [LUV_OP_SCOPE_END] = {"scope", 0, luv__scope_begin, NULL},
  [LUV_OP_READ] = {"read", 1, luv__read_begin, luv__read_abandon},
  [LUV_OP_READ_EXACTLY] = {"read_exactly", 1, luv__read_begin, luv__read_abandon},
  [LUV_OP_READ_LINE] = {"read_line", 1, luv__read_begin, luv__read_abandon},
  [LUV_OP_READ_UNTIL] = {"read_until", 1, luv__read_begin, luv__read_abandon},
  [LUV_OP_READ_ALL] = {"read_all", 1, luv__read_begin, luv__read_abandon},
  [LUV_OP_WRITE] = {"write", 1, luv__write_begin, luv__write_abandon},
  [LUV_OP_SHUTDOWN] = {"shutdown", 1, luv__write_begin, luv__write_abandon},
  [LUV_OP_ACCEPT] = {"accept", 1, luv__accept_begin, NULL},
  [LUV_OP_CONNECT] = {"connect", 1, begin_object, luv__connect_abandon},
  [LUV_OP_ZMQ_RECV] = {"zmq recv", 1, luv__zmq_recv_begin, NULL},
  [LUV_OP_ZMQ_SEND] = {"zmq send", 1, luv__zmq_send_begin, NULL},
  [LUV_OP_ZMQ_PROXY] = {"zmq proxy", 1, luv__proxy_begin, luv__proxy_abandon},
  [LUV_OP_THREAD_JOIN] = {"thread join", 1, luv__link_begin, luv__link_abandon},
  [LUV_OP_THREAD_GET] = {"thread get", 1, luv__link_begin, luv__link_abandon},
  [LUV_OP_THREAD_PUT] = {"thread put", 1, luv__link_begin_put, NULL},
  [LUV_OP_FS] = {"file", 1, luv__fs_begin, luv__fs_abandon},
  [LUV_OP_FS_EVENT] = {"change", 1, begin_object, NULL},
  [LUV_OP_UDP_RECV] = {"udp recv", 1, luv__udp_recv_begin, NULL},
  [LUV_OP_UDP_SEND] = {"udp send", 1, luv__udp_send_begin, luv__udp_send_abandon},
  [LUV_OP_POLL] = {"poll", 1, luv__poll_begin, NULL},
  [LUV_OP_SIGNAL] = {"signal", 1, begin_object, NULL},
  [LUV_OP_PROCESS] = {"process", 1, begin_object, NULL},
  [LUV_OP_GO] = {"operation", 1, begin_goop, abandon_goop},
  [LUV_OP_RUN] = {"run", 0, begin_asleep, NULL},
};

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

/* Waits that end in their own way: that for a condition has its mutex back first, and a
 * scope its children. What becomes of main by Ctrl-C, a deadlock or the end of its state does not wait. */
static int holds_on(luv_state *S, luv_fiber *f, int out) {
  if (out == LUV_OUT_RAISE || out == LUV_OUT_STACK || out == LUV_OUT_DEADLOCK) return 0;
  switch (f->wait.op) {
    case LUV_OP_COND: luv__cond_end(S, f, out); return 1;
    case LUV_OP_RELOCK: return 1;
    case LUV_OP_SCOPE: case LUV_OP_SCOPE_END: return luv__scope_abandon(S, f, out);
    default: return 0;
  }
}

void luv__abandon(luv_state *S, luv_fiber *f, int out) {
  const luv_op *op = &luv__ops[f->wait.op];
  luv_assert(f->status == LUV_WAITING);
  if (LUV_UNLIKELY(holds_on(S, f, out))) return;
  if (op->abandon) op->abandon(S, f);
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
  luv_assert(w->op != LUV_OP_NONE && queue_empty(&w->node) && !w->external);
  f->status = LUV_WAITING;
  w->seq++;
  w->since = S->now;
  queue_init(&w->node);
  out = luv__ops[w->op].begin(S, f);
  if (f->status != LUV_WAITING) return; /* the beginning itself ended it */
  luv_assert(out || !queue_empty(&w->node));
  if (f->is_main != LUV_IS_CASE) w->external = luv__ops[w->op].external || w->due.at != 0;
  S->external += w->external; /* of a case: its select is counted */
  if (out) luv__wake(S, f, out);
  else if (w->due.at && luv__due_insert(&S->heap, &w->due, w->due.at))
    luv__wake_error(S, f, UV_ENOMEM);
}

/* Fills the record in: the earlier of the call's own deadline and luv.timeout's. Returns
 * LUV_OUT_EXPIRED if the latter has passed already. */
int luv__wait_prepare(luv_state *S, luv_fiber *f, int op, void *on, uint64_t arg, double timeout) {
  luv_wait *w = &f->wait;
  uint64_t limit = LUV_LIKELY(!f->limits) ? LUV_FOREVER : luv__limit(f);
  w->op = (uint8_t)op;
  w->on = on;
  w->arg = arg;
  w->scoped = 0;
  w->due.at = 0;
  if (timeout >= 0) w->due.at = luv__due_in(S, timeout);
  if (limit == LUV_FOREVER || op == LUV_OP_SCOPE_END) return 0;
  if (timeout < 0) S->now = uv_hrtime();
  if (limit <= S->now && op != LUV_OP_SCOPE) return LUV_OUT_EXPIRED;
  if (w->due.at && w->due.at <= limit) return 0;
  w->due.at = limit;
  w->scoped = 1;
  return 0;
}
