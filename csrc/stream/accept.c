/* accept.c - accepting and connecting.
 *
 * Connections are taken from libuv as they come, up to LUV_ACCEPT_AHEAD, so that under
 * load a server does not switch its descriptor off and on (two system calls) for each.
 * Beyond that libuv holds one back and stops listening: the kernel's backlog fills. */
#include <errno.h>
#include <sys/socket.h>
#include "sockopt.h"
#include "stream.h"

static luv_stream *take(luv_stream *server) {
  int tcp = server->o.class_id == luv__class_tcp.id || server->wrap;
  luv_stream *c = luv__stream_new(server->o.S, tcp ? luv__class_tcp.id : server->o.class_id);
  int err;
  if (!c) {
    server->o.flags |= LUV_O_HELD; /* there may be memory when accept() asks */
    return NULL;
  }
  if (tcp) err = uv_tcp_init(server->h.s.loop, &c->h.tcp);
  else err = uv_pipe_init(server->h.s.loop, &c->h.pipe, 0);
  c->h.s.data = c;
  if (err == 0) err = uv_accept(&server->h.s, &c->h.s);
  if (err == 0) {
    c->o.flags |= LUV_O_SOCKET;
    return server->wrap ? server->wrap(server, c) : c;
  }
  luv__object_close(&c->o);
  return NULL;
}

static luv_object *pop(luv_stream *server) {
  luv_object *c = luv_container(server->accepted.next, luv_object, link);
  queue_remove(&c->link);
  queue_push(&c->S->objects, &c->link);
  server->naccepted--;
  return c;
}

static void keep(luv_stream *server, luv_object *c) {
  queue_remove(&c->link);
  queue_push(&server->accepted, &c->link);
  server->naccepted++;
}

static luv_fiber *first_waiter(luv_stream *server) {
  if (queue_empty(&server->o.waiters)) return NULL;
  return luv_container(server->o.waiters.next, luv_fiber, wait.node);
}

void luv_on_connection(uv_stream_t *h, int status) {
  luv_stream *server = h->data, *c;
  luv_fiber *f = first_waiter(server);
  if (status < 0) {
    if (f) luv__wake_error(server->o.S, f, status);
    return;
  }
  if (!f && server->naccepted >= LUV_ACCEPT_AHEAD) {
    server->o.flags |= LUV_O_HELD;
    return;
  }
  c = take(server);
  if (c) luv__accept_arrived(server, &c->o);
  else if (server->o.flags & LUV_O_HELD) luv__accept_failed(server, UV_ENOMEM);
}

/* A connection, or a handle that a pipe has brought: for who waits, or to be kept. */
void luv__accept_arrived(luv_stream *server, luv_object *c) {
  luv_fiber *f = first_waiter(server);
  if (!f) {
    keep(server, c);
    luv__ready_look(server);
    if (luv__handles_full(server)) luv__stream_read_stop(server);
    return;
  }
  f->wait.on = c;
  luv__wake(server->o.S, f, LUV_OUT_OWN);
}

/* One that came cannot be had: who waits is told, or else the next. */
void luv__accept_failed(luv_stream *server, int err) {
  luv_fiber *f = first_waiter(server);
  if (f) luv__wake_error(server->o.S, f, err);
  else server->refused = err;
}

/* Listens, or listens with another backlog. The latter is not libuv's business: it would
 * poll again although it holds a connection back. For the same reason a socket that
 * listens is refused here whatever else would make libuv poll it: connect, read, write. */
int luv__listen(luv_stream *s, int backlog) {
  uv_os_fd_t fd;
  int err;
  if (s->o.flags & LUV_O_LISTENING) {
    err = uv_fileno((uv_handle_t *)&s->h, &fd);
    return err ? err : listen(fd, backlog) ? uv_translate_sys_error(errno) : 0;
  }
  if (s->o.flags & LUV_O_CONNECTING) return UV_EALREADY;
  if (s->o.class_id == luv__class_tcp.id && (err = luv__tcp_prepare(s, AF_INET))) return err;
  err = uv_listen(&s->h.s, backlog, luv_on_connection);
  if (err == 0) s->o.flags |= LUV_O_LISTENING;
  return err;
}

/* A connection may have come between the call and its wait: never while Lua runs. */
static int begin_accept(luv_state *S, luv_fiber *f) {
  luv_stream *server = f->wait.on;
  (void)S;
  queue_push(&server->o.waiters, &f->wait.node);
  if (!(server->o.flags & LUV_O_LISTENING)) luv__stream_read_more(server);
  return 0;
}

void luv__accept_closing(luv_stream *s) {
  while (!queue_empty(&s->accepted)) luv__object_close(pop(s));
}

/* Puts the connection into the userdata at 2 (the seed's form), or makes a new one.
 * The object that was there before has no descriptor, and is closed. */
static int push_accepted(luv_state *S, lua_State *L, lua_State *W, luv_object *c) {
  luv_box *into = luv__tobox(L, 2, c->class_id);
  if (!into) {
    luv__push_object(S, W, c);
    return 1;
  }
  if (into->o) {
    luv_object *old = into->o;
    if (c->class_id == luv__class_pipe.id && ((luv_stream *)old)->h.pipe.ipc) {
      ((luv_stream *)c)->h.pipe.ipc = 1;
      c->flags &= ~(uint32_t)LUV_O_SOCKET; /* handles come along */
    }
    old->box = NULL;
    luv__object_close(old);
  }
  into->o = c;
  c->box = into;
  lua_pushvalue(L, 2);
  if (W != L) lua_xmove(L, W, 1);
  return 1;
}

static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  return push_accepted(S, L, W, f->wait.on);
}

const luv_op luv__op_accept = {.name = "accept", .flags = LUV_OP_EXTERNAL, .begin = begin_accept, .deliver = deliver};

static int is_fresh(luv_box *into) {
  uv_os_fd_t fd;
  luv_stream *s = (luv_stream *)into->o;
  if (s->o.flags & LUV_O_CONNECTING) return 0;
  return uv_fileno((uv_handle_t *)&s->h, &fd) != 0;
}

static unsigned family_of(luv_state *S, lua_State *L) {
  const char *name = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";
  if (lua_isnoneornil(L, 1)) return AF_UNSPEC;
  if (strcmp(name, "inet") == 0) return AF_INET;
  if (strcmp(name, "inet6") == 0) return AF_INET6;
  return (unsigned)luv__arg_error(S, L, 1, "tcp", "\"inet\" or \"inet6\" expected");
}

/* tcp = luv.net.tcp([family]): made for every connection by those who accept into one, hence here */
int luv_tcp_create(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s;
  unsigned family = lua_gettop(L) ? family_of(S, L) : AF_UNSPEC;
  int err;
  s = luv__stream_new(S, luv__class_tcp.id);
  if (!s) return luv__fail(L, UV_ENOMEM);
  err = uv_tcp_init_ex(S->loop, &s->h.tcp, family);
  if (err) {
    luv__object_dispose(&s->o);
    return luv__fail(L, err);
  }
  s->family_given = family != AF_UNSPEC;
  luv__push_object(S, L, &s->o);
  return 1;
}

/* The object that a connection or a handle is to be put into: NULL for none, or an error. */
static int check_into(luv_state *S, lua_State *L, luv_stream *s, int listens) {
  luv_box *into = luv__anybox(L, 2);
  if (lua_isnoneornil(L, 2)) return 0;
  if (listens ? !luv__tobox(L, 2, s->o.class_id) : !into || !luv__is_stream(into))
    luv__type_error(S, L, 2, 1, "accept", listens ? luv__class_name(s->o.class_id) : "stream");
  if (!into->o || (into->o->flags & LUV_O_CLOSING)) return UV_EBADF;
  return is_fresh(into) ? 0 : UV_EISCONN;
}

/* There is room: what libuv holds back comes, or the pipe is read on. */
static void make_room(luv_stream *s) {
  luv_stream *held;
  if (s->o.flags & LUV_O_HELD) {
    s->o.flags &= ~(uint32_t)LUV_O_HELD;
    if ((held = take(s))) keep(s, &held->o);
  }
  if (!(s->o.flags & LUV_O_LISTENING) && (!queue_empty(&s->readers) || s->o.flags & LUV_O_FLOWING))
    luv__stream_read_more(s);
}

static int is_ipc(luv_stream *s) { return s->o.class_id == luv__class_pipe.id && s->h.pipe.ipc; }
static int passes_handles(luv_stream *s) { return is_ipc(s) && uv_is_readable(&s->h.s); }

static int first_class(const luv_stream *s) {
  return s->naccepted ? luv_container(s->accepted.next, luv_object, link)->class_id : -1;
}

/* What waits to be accepted: 1 with it on top, or 0. Its userdata is made first, for which a
 * finaliser may accept it, or close the stream. */
static int accept_now(luv_state *S, lua_State *L, luv_stream *s) {
  int class_id = first_class(s);
  luv_object *c;
  luv_box *b;
  if (luv__tobox(L, 2, class_id)) {
    c = pop(s);
    make_room(s);
    return push_accepted(S, L, L, c);
  }
  b = luv__push_box(S, L, class_id);
  s = luv__check_stream(S, L, "accept");
  if (!s || first_class(s) != class_id) {
    lua_pop(L, 1);
    return 0;
  }
  c = pop(s);
  b->o = c;
  c->box = b;
  make_room(s);
  return 1;
}

/* What libuv holds since there was no memory for it; why not, then. */
static int take_held(luv_stream *s) {
  int err;
  if (s->naccepted == 0 && s->o.flags & LUV_O_HELD) make_room(s);
  if (s->naccepted == 0 && is_ipc(s)) luv__handles_arrived(s);
  err = s->naccepted ? 0 : s->o.flags & LUV_O_HELD ? UV_ENOMEM : s->refused;
  if (s->naccepted == 0) s->refused = 0;
  return err;
}

/* client = server:accept([into][, timeout]), handle = pipe:accept([into][, timeout]) */
int luv_stream_accept(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "accept");
  double timeout;
  int listens, err;
  if (luv__classes[luv__class_of(S, L, 1)]->flags & LUV_CLASS_WRAPS) {
    lua_pushnil(L);
    lua_insert(L, 2);
  }
  timeout = luv__opt_timeout(S, L, 3, 2, "accept");
  luv__check_cancel(S, L);
  if (!s) return luv__fail(L, UV_EBADF);
  listens = (s->o.flags & LUV_O_LISTENING) != 0;
  err = check_into(S, L, s, listens);
  if (err) return luv__fail(L, err);
  if ((err = take_held(s))) return luv__fail(L, err);
  if (is_ipc(s) && s->naccepted == 0 && s->error) return luv__fail(L, s->error);
  if (!listens && s->naccepted == 0 && !passes_handles(s))
    return luv__error(S, L, "accept on a socket that does not listen (did bind or listen fail?)");
  if (s->naccepted == 0 && timeout == 0) {
    if (!listens) luv__stream_read_more(s);
    luv__glance(S);
    s = luv__check_stream(S, L, "accept");
  }
  while (s && s->naccepted) {
    if (accept_now(S, L, s)) return 1;
    s = luv__check_stream(S, L, "accept");
  }
  if (!s) return luv__fail(L, UV_EBADF);
  return luv__suspend(S, L, &luv__op_accept, s, 0, timeout);
}

static void on_connect(uv_connect_t *req, int status) {
  luv_stream *s = req->data;
  s->o.flags &= ~(uint32_t)LUV_O_CONNECTING;
  if (s->o.flags & LUV_O_CLOSING) return;
  luv__ready_look(s);
  if (status) luv__wake_all_error(s->o.S, &s->o.waiters, status);
  else luv__wake_all(s->o.S, &s->o.waiters, LUV_OUT_SELF, 0);
}

/* Begins to connect; the wait for it is &luv__op_connect. Called by Go. */
int luv__tcp_connect(luv_stream *s, const struct sockaddr *addr) {
  int err;
  if (s->o.flags & LUV_O_CONNECTING) return UV_EALREADY;
  if (s->o.flags & LUV_O_LISTENING) return UV_EISCONN;
  s->connect.data = s;
  if ((err = luv__tcp_prepare(s, addr->sa_family))) return err;
  err = uv_tcp_connect(&s->connect, &s->h.tcp, addr, on_connect);
  if (err == UV_ECONNABORTED) /* Linux says so of the attempt before, whose end libuv has told already */
    err = uv_tcp_connect(&s->connect, &s->h.tcp, addr, on_connect);
  if (err == 0) s->o.flags |= LUV_O_CONNECTING;
  return err;
}
