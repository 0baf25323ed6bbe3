/* poll_set.c - luv.poll.set: waiting until some of many descriptors are ready.
 *
 * They are in an epoll of the set's own, which is asked what is ready: it costs as much as there is ready,
 * however many there are. To wait for it is to wait for that epoll's descriptor, as luv.poll does. The
 * environment of the userdata says which of the script's values each descriptor stands for. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "poll_set.h"

static int failure(void) { return uv_translate_sys_error(errno); }

static void closing(luv_object *o) {
  luv_poll *p = (luv_poll *)o;
  luv__poll_unwatch(p);
  close(p->fd);
}

luv_class luv__class_pollset = {.name = "luv.pollset", .closing = closing};

/* set = luv.poll.set() */
int luv_poll_set(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_poll *p = (luv_poll *)luv__object_new(S, luv__class_pollset.id, sizeof *p);
  int err;
  if (!p) return luv__fail(L, UV_ENOMEM);
  p->fd = epoll_create1(EPOLL_CLOEXEC);
  err = p->fd < 0 ? failure() : luv__poll_watch(S, p);
  if (err) {
    if (p->fd >= 0) close(p->fd);
    luv__object_dispose(&p->o);
    return luv__fail(L, err);
  }
  luv__push_object(S, L, &p->o);
  lua_newtable(L);
  lua_setfenv(L, -2);
  return 1;
}

static luv_poll *check(luv_state *S, lua_State *L, const char *fname) {
  luv_box *b = luv__tobox(L, 1, luv__class_pollset.id);
  if (!b) luv__type_error(S, L, 1, 0, fname, "luv.pollset");
  return b->o && !(b->o->flags & LUV_O_CLOSING) ? (luv_poll *)b->o : NULL;
}

static int events_of(luv_state *S, lua_State *L, int idx) {
  const char *s = lua_type(L, idx) == LUA_TSTRING ? lua_tostring(L, idx) : "";
  if (strcmp(s, "r") == 0) return EPOLLIN | EPOLLRDHUP;
  if (strcmp(s, "w") == 0) return EPOLLOUT;
  if (strcmp(s, "rw") == 0) return EPOLLIN | EPOLLRDHUP | EPOLLOUT;
  return luv__arg_error(S, L, idx - 1, "add", "\"r\", \"w\" or \"rw\" expected");
}

/* Sets env[fd] to the value at idx, or to nil. May raise. */
static void name(lua_State *L, int fd, int idx) {
  lua_getfenv(L, 1);
  if (idx) lua_pushvalue(L, idx);
  else lua_pushnil(L);
  lua_rawseti(L, -2, fd);
  lua_pop(L, 1);
}

/* set = set:add(fd or object with fileno(), "r"|"w"|"rw"): or changes what it is watched for */
int luv_pollset_add(lua_State *L) {
  luv_state *S = luv_enter(L);
  int events, fd;
  struct epoll_event e;
  luv_poll *p;
  check(S, L, "add");
  lua_settop(L, 3);
  events = events_of(S, L, 3);
  if ((fd = luv__poll_fd(S, L, 2, 1, "add")) < 0) return 3;
  name(L, fd, 2);
  if (!(p = check(S, L, "add"))) return luv__fail(L, UV_EBADF);
  e.events = (uint32_t)events;
  e.data.u64 = (uint64_t)fd | (uint64_t)events << 32;
  if (epoll_ctl(p->fd, EPOLL_CTL_MOD, fd, &e) && (errno != ENOENT || epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, &e))) {
    int err = failure();
    name(L, fd, 0);
    return luv__fail(L, err);
  }
  lua_settop(L, 1);
  return 1;
}

/* set = set:remove(fd or object with fileno()) */
int luv_pollset_remove(lua_State *L) {
  luv_state *S = luv_enter(L);
  int fd;
  luv_poll *p;
  check(S, L, "remove");
  if ((fd = luv__poll_fd(S, L, 2, 1, "remove")) < 0) return 3;
  name(L, fd, 0);
  if (!(p = check(S, L, "remove"))) return luv__fail(L, UV_EBADF);
  if (epoll_ctl(p->fd, EPOLL_CTL_DEL, fd, NULL)) return luv__fail(L, failure());
  lua_settop(L, 1);
  return 1;
}

/* ---- waiting ------------------------------------------------------------------------------------ */

enum { MOST = 256 }; /* of what is ready at once */

/* An end or an error is something to read and to write, for who wants to. */
static const char *readiness(uint32_t events, uint32_t wanted) {
  int end = (events & (EPOLLHUP | EPOLLERR)) != 0;
  int r = wanted & EPOLLIN && (end || events & (EPOLLIN | EPOLLRDHUP));
  int w = wanted & EPOLLOUT && (end || events & EPOLLOUT);
  return r && w ? "rw" : r ? "r" : "w";
}

/* Pushes the table of those that are ready, whose set's userdata is at idx of L, and their number. */
static int push_ready(lua_State *L, int idx, lua_State *W, const struct epoll_event *e, int n) {
  int i;
  luaL_checkstack(W, 6, "luv");
  lua_createtable(W, 0, n);
  lua_getfenv(L, idx);
  if (L != W) lua_xmove(L, W, 1);
  for (i = 0; i < n; i++) {
    lua_rawgeti(W, -1, (int)(uint32_t)e[i].data.u64);
    if (lua_isnil(W, -1)) {
      lua_pop(W, 1);
      continue;
    }
    lua_pushstring(W, readiness(e[i].events, (uint32_t)(e[i].data.u64 >> 32)));
    lua_rawset(W, -4);
  }
  lua_pop(W, 1);
  lua_pushinteger(W, n);
  return 2;
}

static int look(luv_poll *p, struct epoll_event *e) {
  int n = (int)LUV_RETRY(epoll_wait(p->fd, e, MOST, 0));
  return n < 0 ? failure() : n;
}

/* What was ready may not be so any more: then the table is empty. */
static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  struct epoll_event e[MOST];
  luv_box *b = luv__tobox(L, 1, luv__class_pollset.id);
  int n = b && b->o && !(b->o->flags & LUV_O_CLOSING) ? look((luv_poll *)b->o, e) : 0;
  (void)S, (void)f;
  return push_ready(L, 1, W, e, n < 0 ? 0 : n);
}

static const luv_op wait_op = {.name = "poll", .flags = LUV_OP_EXTERNAL | LUV_OP_AGAIN, .begin = luv__poll_begin,
                               .deliver = deliver};

/* ready, n = set:wait([timeout]) */
int luv_pollset_wait(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_poll *p = check(S, L, "wait");
  struct epoll_event e[MOST];
  double timeout = luv__opt_timeout(S, L, 2, 1, "wait");
  int n;
  luv__check_cancel(S, L);
  if (!p) return luv__fail(L, UV_EBADF);
  if ((n = look(p, e)) < 0) return luv__fail(L, n);
  if (n == 0 || (timeout != 0 && luv__overdue(S, L, luv__room_data(S, &luv__poll_room))))
    return luv__suspend(S, L, &wait_op, p, LUV_READ, timeout);
  return push_ready(L, 1, L, e, n);
}
