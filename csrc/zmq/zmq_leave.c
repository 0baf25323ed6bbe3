/* zmq_leave.c - close and unbind return when their endpoints are free again.
 *
 * libzmq closes a listener in a thread of its own, some time after zmq_unbind or zmq_close has
 * returned. It says so by CLOSED, an event of the socket's monitor: the script's, or one that
 * Go makes for this (hidden). The names of what is to be closed are in the monitor's
 * `leaving`; whoever waits for that is in its o.waiters. To find CLOSED all events are taken
 * off the monitor, here and nowhere else; what a script may want of them is kept for next(). */
#include "luvzmq.h"

/* ---- frames that are received later ------------------------------------------------------ */

/* The frame is what a receive gets behind all that is kept already; m is empty then. */
void luv__zmq_keep(luv_zmq *z, zmq_msg_t *m) {
  luv_zmq_frame **to = &z->ahead, *kept;
  if (!z->has_first) {
    zmq_msg_init(&z->first);
    zmq_msg_move(&z->first, m);
    z->has_first = 1;
    return;
  }
  if (!(kept = malloc(sizeof *kept))) return;
  zmq_msg_init(&kept->m);
  zmq_msg_move(&kept->m, m);
  kept->next = NULL;
  while (*to) to = &(*to)->next;
  *to = kept;
}

static void forget_names(luv_zmq *m) {
  while (m->leaving) {
    luv_zmq_name *next = m->leaving->next;
    free(m->leaving);
    m->leaving = next;
  }
}

void luv__zmq_drop_kept(luv_zmq *z) {
  if (z->has_first) zmq_msg_close(&z->first);
  z->has_first = 0;
  while (z->ahead) {
    luv_zmq_frame *next = z->ahead->next;
    zmq_msg_close(&z->ahead->m);
    free(z->ahead);
    z->ahead = next;
  }
  forget_names(z);
}

/* ---- the endpoints --------------------------------------------------------------------------- */

static void remove_name(luv_zmq *m, const char *text, size_t n) {
  luv_zmq_name **at = &m->leaving, *name;
  while (*at && ((*at)->n != n || memcmp((*at)->text, text, n) != 0)) at = &(*at)->next;
  if (!(name = *at)) return;
  *at = name->next;
  free(name);
}

/* Takes one frame off libzmq itself: 0, or an error. */
static int take(luv_zmq *m, zmq_msg_t *to) {
  while (zmq_msg_recv(to, m->socket, ZMQ_DONTWAIT) < 0)
    if (errno != EINTR) return luv__zmq_error(errno);
  return 0;
}

static void note(luv_zmq *m, unsigned event, zmq_msg_t *address) {
  if (event == ZMQ_EVENT_CLOSED || event == ZMQ_EVENT_CLOSE_FAILED)
    remove_name(m, zmq_msg_data(address), zmq_msg_size(address));
  if (event != ZMQ_EVENT_MONITOR_STOPPED) return;
  if (m->hidden) m->stopped = 1;
  forget_names(m); /* the socket itself is gone */
}

/* Takes one event: its two frames. Returns 0, or why not. */
static int take_event(luv_zmq *m) {
  zmq_msg_t what, address;
  uint32_t value;
  int err;
  zmq_msg_init(&what);
  zmq_msg_init(&address);
  err = take(m, &what);
  if (!err && zmq_msg_more(&what)) take(m, &address); /* they come together */
  if (!err) note(m, luv__zmq_event_number(&what, &value), &address);
  if (!err && !m->hidden) {
    luv__zmq_keep(m, &what);
    luv__zmq_keep(m, &address);
  }
  zmq_msg_close(&what);
  zmq_msg_close(&address);
  return err;
}

/* No more is to be waited for: a monitor of luv's own has done its work. */
void luv__zmq_left_all(luv_zmq *m) {
  forget_names(m);
  luv__wake_all(m->o.S, &m->o.waiters, LUV_OUT_SELF, 0);
  if (m->hidden) luv__object_close(&m->o);
}

/* Looks at what the monitor has got. A context that has ended says no more. */
void luv__zmq_left(luv_zmq *m) {
  int err;
  do err = take_event(m);
  while (err == 0);
  if (err != UV_EAGAIN || !m->leaving) luv__zmq_left_all(m);
}

/* An endpoint is about to be left. What the monitor has told before is not about that. From
 * here on it is watched, whether somebody waits or not. */
int luv__zmq_leaves(luv_zmq *m, const char *endpoint, size_t n) {
  luv_zmq_name *name = malloc(sizeof *name + n);
  if (!name) return UV_ENOMEM;
  while (take_event(m) == 0) {}
  name->n = n;
  memcpy(name->text, endpoint, n);
  name->next = m->leaving;
  m->leaving = name;
  luv__zmq_watch(m);
  luv__zmq_touch(m);
  return 0;
}

/* It was not left. */
void luv__zmq_stays(luv_zmq *m, const char *endpoint, size_t n) {
  remove_name(m, endpoint, n);
  if (!m->leaving) luv__zmq_left_all(m);
}

/* ---- waiting ------------------------------------------------------------------------------- */

static int begin_leave(luv_state *S, luv_fiber *f) {
  luv_zmq *m = f->wait.on;
  (void)S;
  if (!m->leaving) return LUV_OUT_SELF;
  queue_push(&m->o.waiters, &f->wait.node);
  return 0;
}

/* libzmq lets go of endpoints. */
static const luv_op leave_op = {.name = "zmq unbind", .flags = LUV_OP_EXTERNAL, .begin = begin_leave};

/* Where nothing can wait, in a finaliser for instance, the endpoint is free a little later. */
static int wait_for(luv_state *S, lua_State *L, luv_zmq *m, double timeout) {
  lua_settop(L, 1);
  if (!m || !luv__may_wait(S, L)) return 1;
  return luv__suspend(S, L, &leave_op, m, 0, timeout);
}

static luv_zmq *leaver_of(luv_zmq *z) {
  luv_zmq *m = z->leaver;
  z->leaver = NULL;
  return m;
}

/* sock = sock:unbind(endpoint[, timeout]); upvalue 2 is Go's function. */
int luv_zmq_unbind(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_zmq *z = luv__check_zmq(S, L, 1, luv__class_zmq.id, "unbind");
  double timeout = luv__opt_timeout(S, L, 3, 2, "unbind");
  int n = luv_trampoline(L);
  return n == 1 && z ? wait_for(S, L, leaver_of(z), timeout) : n;
}

/* sock = sock:close([timeout]) */
int luv_zmq_close(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_zmq *z = luv__check_zmq(S, L, 1, luv__class_zmq.id, "close"), *m = NULL;
  double timeout = luv__opt_timeout(S, L, 2, 1, "close");
  if (z && z->listens && z->o.slot) {
    luv__go_event(z->o.slot, LUV_EV_LEAVE, 0, NULL);
    m = leaver_of(z);
  }
  if (z) luv__object_close(&z->o);
  return wait_for(S, L, m, timeout);
}
