/* zmq_socket.c - a ØMQ socket as an object: its life, who waits on it, who is served. */
#include "luvzmq.h"

_Static_assert(offsetof(luv_zmq, poll) == sizeof(luv_object), "luv__handle finds it there");

/* libzmq's own errors are numbers far above the system's; both become negative, as
 * libuv's are. */
int luv__zmq_error(int e) { return e >= ZMQ_HAUSNUMERO ? -e : uv_translate_sys_error(e); }

/* What the names of libzmq's own errors are; NULL for any other error. */
const char *luv__zmq_error_name(int err) {
  switch (-err) {
    case EFSM: return "EFSM";
    case ENOCOMPATPROTO: return "ENOCOMPATPROTO";
    case ETERM: return "ETERM";
    case EMTHREAD: return "EMTHREAD";
    default: return NULL;
  }
}

const char *luv__zmq_error_text(int err) { return zmq_strerror(-err); }

/* ---- life ---------------------------------------------------------------------------- */

/* The states of this thread that have had sockets, and whether any thread has had. */
static __thread luv_queue states;
static int used;
static double exit_linger = 1;

static const luv_outside outside = {.look = luv__zmq_service, .pending = luv__zmq_pending};

static luv_zmq_state *state_of(luv_state *S) {
  luv_zmq_state *t = luv__zmq_of(S);
  if (t) return t;
  if (!states.next) queue_init(&states);
  t = calloc(1, sizeof *t);
  if (!t) return NULL;
  queue_init(&t->dirty);
  queue_init(&t->near);
  zmq_msg_init(&t->scratch);
  t->S = S;
  queue_push(&states, &t->link);
  used = 1;
  luv__outside_add(S, &outside);
  return luv__zmq_of(S) = t;
}

void luv__zmq_state_free(luv_state *S) {
  luv_zmq_state *t = luv__zmq_of(S);
  if (!t) return;
  luv__zmq_of(S) = NULL;
  queue_remove(&t->link);
  zmq_msg_close(&t->scratch);
  luv__parcel_free(t->delivering);
  free(t);
}

/* The object of a socket that Go has made; NULL when there is no memory for it. */
luv_zmq *luv__zmq_new(uv_loop_t *loop, void *socket, int class_id) {
  luv_state *S = loop->data;
  int fd = -1;
  size_t size = sizeof fd;
  luv_zmq *z;
  if (!S || !state_of(S)) return NULL; /* a loop of Go's alone has no state */
  z = (luv_zmq *)luv__object_new(S, class_id, sizeof *z);
  if (!z) return NULL;
  queue_init(&z->receivers);
  queue_init(&z->senders);
  queue_init(&z->dirty);
  queue_init(&z->near);
  z->rcvtimeo = z->sndtimeo = LUV_NO_TIMEOUT;
  if (zmq_getsockopt(socket, ZMQ_FD, &fd, &size) || uv_poll_init(loop, &z->poll, fd)) {
    luv__object_dispose(&z->o);
    return NULL;
  }
  z->o.flags = LUV_O_HANDLE;
  z->poll.data = &z->o;
  z->socket = socket;
  return z;
}

/* ---- the end of the process ----------------------------------------------------------- */

static int read_linger(lua_State *M) {
  luv_state *S = lua_touserdata(M, 1);
  lua_rawgeti(M, LUA_REGISTRYINDEX, S->ref_module);
  lua_getfield(M, -1, "zmq");
  if (!lua_istable(M, -1)) return 0;
  lua_pushliteral(M, "exit_linger");
  lua_rawget(M, -2);
  if (lua_type(M, -1) == LUA_TNUMBER && lua_tonumber(M, -1) >= 0) {
    double seconds = lua_tonumber(M, -1);
    __atomic_store(&exit_linger, &seconds, __ATOMIC_RELAXED); /* states of several threads end */
  }
  return 0;
}

/* Remembers what the script says of the end of the process, as its state ends. */
void luv__zmq_read_linger(luv_state *S) {
  if (luv__protect(S, read_linger, S)) lua_pop(S->M, 1);
}

static void close_sockets(luv_state *S) {
  luv_queue *q = S->objects.next, *next;
  for (; q != &S->objects; q = next) {
    luv_object *o = luv_container(q, luv_object, link);
    next = q->next;
    if (o->class_id == luv__class_zmq.id || o->class_id == luv__class_zmq_monitor.id)
      luv__object_close(o);
  }
}

/* The process ends. libzmq's threads get some time for what is not sent yet, whether the
 * states were closed before (the end of a script) or not (os.exit). */
void luv__zmq_exit(int status) {
  luv_queue *q;
  (void)status;
  if (!used) return;
  for (q = states.next; q && q != &states; q = q->next) {
    luv_state *S = luv_container(q, luv_zmq_state, link)->S;
    if (S->dead) continue;
    luv__zmq_read_linger(S);
    close_sockets(S);
  }
  luv__go_exit(exit_linger);
}

/* Called by luv__object_close, before libuv lets go of the descriptor. */
static void closing(luv_object *o) {
  luv_zmq *z = (luv_zmq *)o;
  luv__proxy_forget(z);
  luv__zmq_forget(z);
  luv__zmq_drop_kept(z);
  if (z->kept) luaL_unref(o->S->M, LUA_REGISTRYINDEX, z->kept);
  z->kept = 0;
  luv__wake_all_error(o->S, &z->receivers, UV_ECANCELED);
  luv__wake_all_error(o->S, &z->senders, UV_ECANCELED);
  queue_remove(&z->dirty);
  queue_remove(&z->near);
}

/* And after it: the descriptor may be closed now. Go closes the socket, since it has made
 * it: libzmq goes on sending what it holds. */
static void closed(luv_object *o) {
  ((luv_zmq *)o)->socket = NULL;
  if (o->slot) luv__go_event(o->slot, LUV_EV_CLOSED, 0, NULL);
}

luv_class luv__class_zmq = {.name = "luv.zmq.socket", .flags = LUV_CLASS_SENDS, .closing = closing, .closed = closed,
                            .index = luv__zmq_index, .made = luv__zmq_own_meta};
luv_class luv__class_zmq_monitor = {.name = "luv.zmq.monitor", .closing = closing, .closed = closed};

/* The socket at idx; NULL when it is closed. Raises for anything else, and for a socket
 * of another state: libzmq's sockets belong to one thread. */
luv_zmq *luv__check_zmq(luv_state *S, lua_State *L, int idx, int class_id, const char *fname) {
  luv_box *b = luv__tobox(L, idx, class_id);
  if (LUV_UNLIKELY(!b)) luv__type_error(S, L, idx, idx - 1, fname, luv__class_name(class_id));
  if (LUV_UNLIKELY(!b->o || (b->o->flags & LUV_O_CLOSING))) return NULL;
  if (LUV_UNLIKELY(b->o->S != S))
    luv__error(S, L, "a ØMQ socket belongs to the thread that made it");
  return (luv_zmq *)b->o;
}

/* ---- waiting ------------------------------------------------------------------------- */

/* The events that the socket is ready for, after all commands for it were processed; or
 * libzmq's error, negative. */
int luv__zmq_events(luv_zmq *z) {
  int events = 0, rc;
  size_t size = sizeof events;
  do rc = zmq_getsockopt(z->socket, ZMQ_EVENTS, &events, &size);
  while (rc && errno == EINTR);
  return rc ? luv__zmq_error(errno) : events;
}

static luv_fiber *first(luv_queue *q) { return luv_container(q->next, luv_fiber, wait.node); }

/* One waiter of each kind, as far as `events` says so; returns whether any was served. */
static int serve_one(luv_zmq *z, int events) {
  int served = 0;
  if ((events & ZMQ_POLLIN) && !queue_empty(&z->receivers))
    served |= luv__zmq_serve_receiver(z, first(&z->receivers));
  if ((events & ZMQ_POLLOUT) && !queue_empty(&z->senders))
    served |= luv__zmq_serve_sender(z, first(&z->senders));
  return served;
}

static void fail_all(luv_zmq *z, int err) {
  luv__wake_all_error(z->o.S, &z->receivers, err);
  luv__wake_all_error(z->o.S, &z->senders, err);
  if (z->proxy) luv__proxy_end(z->proxy, err);
}

/* A monitor that is to say when endpoints are free. As long as it has not, nothing else may take
 * an event off libzmq, nor read ZMQ_EVENTS. Returns whether that is all for now. */
static int serve_leaving(luv_zmq *m) {
  luv__zmq_left(m);
  if (m->o.flags & LUV_O_CLOSING) return 1;
  while (m->has_first && !queue_empty(&m->receivers)) luv__zmq_serve_receiver(m, first(&m->receivers));
  return m->leaving != NULL;
}

/* Serves the waiters as far as libzmq lets it. A receive that finds nothing has processed
 * all commands; when only receivers wait that is the last word. Otherwise a try for one
 * kind may eat the other's edge, and ZMQ_EVENTS has it. */
static void serve(luv_zmq *z) {
  int events = 0;
  queue_remove(&z->dirty);
  if (LUV_UNLIKELY(z->leaving != NULL) && serve_leaving(z)) return;
  if (z->proxy) {
    luv__proxy_run(z->proxy);
    return;
  }
  while (queue_empty(&z->senders) && !queue_empty(&z->receivers))
    if (!luv__zmq_serve_receiver(z, first(&z->receivers))) return;
  while (luv__zmq_waited_for(z) && (events = luv__zmq_events(z)) >= 0)
    if (!serve_one(z, events)) break;
  if (events < 0) fail_all(z, events);
  if (!luv__zmq_waited_for(z)) queue_remove(&z->near);
}

static void on_event(uv_poll_t *h, int status, int events) {
  luv_zmq *z = h->data;
  (void)status;
  (void)events;
  if (luv__zmq_waited_for(z)) serve(z);
  else if (luv__zmq_events(z) < 0) { /* the context is gone: nothing more will come */
    uv_poll_stop(h);
    z->polling = 0;
  }
}

/* Watches the socket for the sake of a wait that has begun. */
void luv__zmq_watch(luv_zmq *z) {
  luv_zmq_state *t = luv__zmq_of(z->o.S);
  queue_remove(&z->near);
  if (z->inproc) queue_push_front(&t->near, &z->near);
  if (z->polling) return;
  z->polling = 1;
  uv_poll_start(&z->poll, UV_READABLE, on_event);
}

static int begin(luv_zmq *z, luv_fiber *f, luv_queue *waiters) {
  queue_push(waiters, &f->wait.node);
  luv__zmq_watch(z);
  if (f->wait.arg & LUV_ZMQ_AGAIN) luv__zmq_touch(z);
  return 0;
}

static int begin_recv(luv_state *S, luv_fiber *f) {
  (void)S;
  return begin(f->wait.on, f, &((luv_zmq *)f->wait.on)->receivers);
}

static int begin_send(luv_state *S, luv_fiber *f) {
  (void)S;
  return begin(f->wait.on, f, &((luv_zmq *)f->wait.on)->senders);
}

const luv_op luv__op_zmq_recv = {.name = "zmq recv", .flags = LUV_OP_EXTERNAL | LUV_OP_AGAIN, .begin = begin_recv, .deliver = luv__zmq_deliver};
const luv_op luv__op_zmq_send = {.name = "zmq send", .flags = LUV_OP_EXTERNAL, .begin = begin_send};

/* ---- before the loop blocks ------------------------------------------------------------ */

#define NEAR 8   /* how many that wait on inproc are tried: epoll finds the others */
#define MISSES 2 /* then it is better left to epoll: most probably the rest are idle */

/* The peers of inproc sockets that were used lie on this thread as often as not, and
 * most probably among those that have begun to wait last. */
static void serve_near(luv_zmq_state *t) {
  luv_queue *q = t->near.next, *next;
  int n, misses = 0;
  t->moved = 0;
  for (n = 0; n < NEAR && misses < MISSES && q != &t->near; n++, q = next) {
    luv_zmq *z = luv_container(q, luv_zmq, near);
    next = q->next;
    if (luv__zmq_waited_for(z)) serve(z);
    else queue_remove(q);
    misses += luv__zmq_waited_for(z);
  }
}

/* Serves what is dirty, and what may be on this thread. */
void luv__zmq_service(luv_state *S, int block) {
  luv_zmq_state *t = luv__zmq_of(S);
  luv_queue all;
  if (block) return; /* nothing is pending then */
  if (!queue_empty(&t->dirty)) { /* those that get dirty again wait for the next time */
    all = t->dirty;
    all.next->prev = all.prev->next = &all;
    queue_init(&t->dirty);
    while (!queue_empty(&all)) serve(luv_container(all.next, luv_zmq, dirty));
  }
  if (t->moved) serve_near(t);
}

int luv__zmq_pending(luv_state *S) {
  return !queue_empty(&luv__zmq_of(S)->dirty) || (luv__zmq_of(S)->moved && !queue_empty(&luv__zmq_of(S)->near));
}
