/* udp.c - a UDP socket as an object, and the addresses of peers. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "pipe.h"
#include "udp.h"

_Static_assert(offsetof(luv_udp, h) == sizeof(luv_object), "luv__handle finds it there");

/* ---- life -------------------------------------------------------------------------------- */

static int init(luv_udp *s, luv_state *S, uv_loop_t *loop, int family) {
  if (S && !luv__udp_state(S)) return UV_ENOMEM;
  if (luv__is_unixgram(s)) return luv__unixgram_init(s, loop);
  return uv_udp_init_ex(loop, &s->h, (unsigned)family | (S ? UV_UDP_RECVMMSG : 0));
}

/* A new socket: without a descriptor, or with one of family AF_INET, AF_INET6 or AF_UNIX. */
int luv__udp_new(uv_loop_t *loop, int family, luv_object **to) {
  luv_state *S = loop->data;
  int is_unix = family == AF_UNIX, err;
  luv_udp *s = (luv_udp *)luv__object_new(S, is_unix ? luv__class_unixgram.id : luv__class_udp.id, sizeof *s);
  if (!s) return UV_ENOMEM;
  queue_init(&s->senders);
  s->o.uv_type = is_unix ? UV_POLL : UV_UDP;
  if ((err = init(s, S, loop, family))) {
    luv__object_dispose(&s->o);
    return err;
  }
  s->o.flags = LUV_O_HANDLE;
  luv__handle(&s->o)->data = &s->o;
  *to = &s->o;
  return 0;
}

/* The socket is being closed: all waits on it end, what is unread goes. */
static void closing(luv_object *o) {
  luv__udp_leave((luv_udp *)o);
  luv__udp_drop((luv_udp *)o);
  if (luv__is_unixgram((luv_udp *)o)) luv__unixgram_closing((luv_udp *)o);
}

static luv_queue *queues(luv_object *o, int i) { return i ? NULL : &((luv_udp *)o)->senders; }

luv_class luv__class_udp = {.name = "luv.udp", .flags = LUV_CLASS_SENDS, .closing = closing, .resolved = luv__udp_resolved,
                            .queues = queues};
luv_class luv__class_unixgram = {.name = "luv.unixgram", .flags = LUV_CLASS_SENDS, .closing = closing, .queues = queues,
                                 .write = luv__unixgram_write};

luv_udp_state *luv__udp_state(luv_state *S) {
  luv_udp_state *t = luv__udp_of(S);
  if (t) return t;
  t = calloc(1, sizeof *t);
  if (!t) return NULL;
  queue_init(&t->parcels);
  t->ref_names = LUA_NOREF;
  return luv__udp_of(S) = t;
}

void luv__udp_state_free(luv_state *S) {
  luv_udp_state *t = luv__udp_of(S);
  if (!t) return;
  luv__udp_of(S) = NULL;
  while (!queue_empty(&t->parcels)) {
    luv_queue *q = t->parcels.next;
    queue_remove(q);
    free(q); /* its first member */
  }
  free(t->buf);
  free(t);
}

luv_udp *luv__check_udp(luv_state *S, lua_State *L, const char *fname) {
  return luv__self(S, L, luv__class_udp.id, fname);
}

luv_udp *luv__check_datagrams(luv_state *S, lua_State *L, const char *fname) {
  luv_box *b = luv__anybox(L, 1);
  if (LUV_UNLIKELY(!b || (b->class_id != luv__class_udp.id && b->class_id != luv__class_unixgram.id)))
    luv__type_error(S, L, 1, 0, fname, luv__class_name((int)lua_tointeger(L, lua_upvalueindex(2)))); /* whose face it is */
  if (LUV_UNLIKELY(!b->o || (b->o->flags & LUV_O_CLOSING))) return NULL;
  return (luv_udp *)b->o;
}

/* A fiber that never has to wait still lets the others have their turn, about once a
 * millisecond: it waits as if it had to. */
int luv__udp_overdue(luv_state *S, lua_State *L) {
  return luv__overdue(S, L, &luv__udp_of(S)->ops);
}

/* ---- descriptors ------------------------------------------------------------------------------ */

/* AF_INET, AF_INET6, ...; AF_UNSPEC: it has no descriptor. */
int luv__udp_family(luv_object *o) {
  struct sockaddr_storage a;
  socklen_t n = sizeof a;
  uv_os_fd_t fd;
  if (uv_fileno(luv__handle(o), &fd)) return AF_UNSPEC;
  return getsockname(fd, (struct sockaddr *)&a, &n) ? AF_UNSPEC : a.ss_family;
}

/* Takes a descriptor over. uv_udp_open lets others share the port; that is put back. */
int luv__udp_open(luv_object *o, int fd) {
  luv_udp *s = (luv_udp *)o;
  struct sockaddr_storage a;
  socklen_t n = sizeof a, size = sizeof(int);
  int err, reuse = 0, type = 0;
  uv_os_fd_t old;
  if (uv_fileno((uv_handle_t *)&s->h, &old) == 0) return UV_EBUSY;
  if (getsockname(fd, (struct sockaddr *)&a, &n) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size))
    return uv_translate_sys_error(errno);
  if (type != SOCK_DGRAM) return UV_EINVAL;
  if (luv__fd_taken(o->S, fd)) return UV_EEXIST;
  getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, &size);
  err = uv_udp_open(&s->h, fd);
  if (err) return err;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, size);
  n = sizeof a;
  s->connected = getpeername(fd, (struct sockaddr *)&a, &n) == 0;
  s->nameless = a.ss_family != AF_INET && a.ss_family != AF_INET6;
  return 0;
}

/* The object of a socket that came from elsewhere. */
luv_object *luv__udp_adopt(luv_state *S, int fd, int kind) {
  luv_object *o = NULL;
  if (kind != UV_UDP || luv__udp_new(S->loop, AF_UNSPEC, &o)) return NULL;
  if (luv__udp_open(o, fd) == 0) return o;
  luv__object_close(o);
  return NULL;
}

static int name_of(luv_object *o, uv_os_fd_t *fd, luv_addr *a) {
  socklen_t n = sizeof *a;
  memset(a, 0, sizeof *a);
  return uv_fileno(luv__handle(o), fd) || getsockname(*fd, &a->sa, &n);
}

/* Linux takes a port that it has chosen itself away from a socket that lets go of its peer. */
static void keep_port(luv_object *o, in_port_t port) {
  luv_addr a;
  uv_os_fd_t fd;
  if (name_of(o, &fd, &a) || a.v4.sin_port || !port) return;
  a.v4.sin_port = port; /* at the same place in both families */
  if (bind(fd, &a.sa, a.sa.sa_family == AF_INET ? sizeof a.v4 : sizeof a.v6)) return; /* it is taken by now */
}

/* Connects, or with NULL lets go of the peer. */
int luv__udp_connect(luv_object *o, const struct sockaddr *to) {
  luv_udp *s = (luv_udp *)o;
  luv_addr a;
  uv_os_fd_t fd;
  in_port_t port = !to && !s->nameless && name_of(o, &fd, &a) == 0 ? a.v4.sin_port : 0;
  int err = uv_udp_connect(&s->h, to);
  if (err) return err;
  s->connected = to != NULL;
  if (!to) keep_port(o, port);
  return 0;
}

/* A descriptor for a socket that has none yet, before libuv makes it one: for options that
 * come before bind. libuv 1.44 cannot ask for SO_REUSEPORT. */
int luv__udp_socket(luv_object *o, int family, int reuseport) {
  int fd, on = 1, err = 0;
  if (uv_fileno(luv__handle(o), &fd) == 0) return UV_EBUSY;
  fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return uv_translate_sys_error(errno);
  if (reuseport && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on))
    err = uv_translate_sys_error(errno);
  if (!err) err = luv__udp_open(o, fd);
  if (err) close(fd);
  return err;
}

/* ---- addresses ----------------------------------------------------------------------------------
 *
 * Each datagram comes with a table for its address. The strings in that are taken from a
 * table of the registry: the names, and the texts of the addresses that were met last. */

enum { NAME_FAMILY = 1, NAME_ADDRESS, NAME_PORT, NAME_INET, NAME_INET6, NAME_KNOWN };

static void make_names(luv_state *S, lua_State *L) {
  static const char *const names[] = {"family", "address", "port", "inet", "inet6"};
  int i;
  lua_createtable(L, NAME_KNOWN + 64, 0);
  for (i = 0; i < NAME_KNOWN - 1; i++) {
    lua_pushstring(L, names[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushvalue(L, -1);
  luv__udp_of(S)->ref_names = luaL_ref(L, LUA_REGISTRYINDEX);
}

static int same_host(const luv_addr *a, const luv_addr *b) {
  if (a->sa.sa_family != b->sa.sa_family) return 0;
  if (a->sa.sa_family == AF_INET) return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
  return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, 16) == 0 && a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

static unsigned slot_of(const luv_addr *a) {
  uint32_t h, w[4];
  if (a->sa.sa_family == AF_INET) h = a->v4.sin_addr.s_addr;
  else {
    memcpy(w, &a->v6.sin6_addr, sizeof w);
    h = w[0] ^ w[1] ^ w[2] ^ w[3];
  }
  return (h * 2654435761u) >> 26;
}

static void push_text(lua_State *L, const luv_addr *a) {
  char text[INET6_ADDRSTRLEN + 1 + UV_IF_NAMESIZE] = "";
  size_t n, room = UV_IF_NAMESIZE;
  uv_ip_name(&a->sa, text, sizeof text);
  n = strlen(text);
  if (a->sa.sa_family == AF_INET6 && a->v6.sin6_scope_id &&
      uv_if_indextoname(a->v6.sin6_scope_id, text + n + 1, &room) == 0)
    text[n] = '%';
  lua_pushstring(L, text);
}

/* Pushes the text of a, with the table of names at idx. */
static void push_known(luv_state *S, lua_State *L, int names, const luv_addr *a) {
  unsigned i = slot_of(a);
  luv_addr *known = &luv__udp_of(S)->known[i];
  if (LUV_LIKELY(same_host(known, a))) {
    lua_rawgeti(L, names, NAME_KNOWN + (int)i);
    return;
  }
  known->sa.sa_family = AF_UNSPEC;
  push_text(L, a);
  lua_pushvalue(L, -1);
  lua_rawseti(L, names, NAME_KNOWN + (int)i);
  *known = *a;
}

static int is_inet(const luv_addr *a) {
  return a->sa.sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr);
}

/* Needs 5 places on the stack of L. */
void luv__push_addr(luv_state *S, lua_State *L, const luv_addr *a) {
  int names = lua_gettop(L) + 1, t = names + 1, inet;
  if (LUV_LIKELY(luv__udp_of(S)->ref_names != LUA_NOREF)) lua_rawgeti(L, LUA_REGISTRYINDEX, luv__udp_of(S)->ref_names);
  else make_names(S, L);
  lua_createtable(L, 0, 3);
  inet = a->sa.sa_family == AF_INET || a->sa.sa_family == AF_INET6;
  lua_rawgeti(L, names, NAME_FAMILY);
  if (inet) lua_rawgeti(L, names, is_inet(a) ? NAME_INET : NAME_INET6);
  else lua_pushliteral(L, "unix");
  lua_rawset(L, t);
  if (inet) {
    lua_rawgeti(L, names, NAME_ADDRESS);
    push_known(S, L, names, a);
    lua_rawset(L, t);
    lua_rawgeti(L, names, NAME_PORT);
    lua_pushinteger(L, ntohs(a->v4.sin_port)); /* at the same place in both */
    lua_rawset(L, t);
  }
  lua_remove(L, names);
}
