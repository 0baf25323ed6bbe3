/* poll_fd.c - luv.poll: waiting until somebody else's descriptor is ready.
 *
 * Each object has an epoll descriptor of its own, which libuv watches, and in which the foreign
 * one is armed for one event at a time. So a descriptor may have any number of these
 * objects, be one of luv's own, or be closed and its number given to another file while
 * somebody waits: libuv, which has one watcher for each number, is never confused, and its
 * flags stay as they were. A wait first looks at the descriptor itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "poll_set.h"

_Static_assert(offsetof(luv_poll, h) == sizeof(luv_object), "luv__handle finds it there");

static int failure(void) { return uv_translate_sys_error(errno); }

/* Arms the descriptor for the next event of what all that wait want; it fails if the number has
 * been closed, or is another file's that cannot be waited for. */
static int arm(luv_poll *p) {
  int wanted = 0;
  luv_queue *q;
  for (q = p->o.waiters.next; q != &p->o.waiters; q = q->next)
    wanted |= (int)luv_container(q, luv_fiber, wait.node)->wait.arg;
  return luv__readiness_arm(p->epoll, p->fd, wanted, NULL);
}

/* Whether f, which waits for the descriptor, need not wait any more. */
static int serve_one(void *on, luv_fiber *f) {
  luv_poll *p = on;
  int is = luv__readiness(p->fd, (int)f->wait.arg);
  if (is == 0) return 0;
  if (is < 0) luv__wake_error(p->o.S, f, is);
  else {
    f->wait.arg = (uint64_t)is;
    luv__wake(p->o.S, f, LUV_OUT_OWN);
  }
  return 1;
}

/* Wakes those whose descriptor is ready, and arms it for the others. */
static void serve(luv_poll *p) {
  int err = 0;
  luv__readiness_serve(&p->o.waiters, p, serve_one);
  if (!queue_empty(&p->o.waiters) && (err = arm(p))) luv__wake_all_error(p->o.S, &p->o.waiters, err);
}

static void on_epoll(uv_poll_t *h, int status, int events) {
  luv_poll *p = h->data;
  struct epoll_event e;
  (void)status, (void)events;
  if (epoll_wait(p->epoll, &e, 1, 0) > 0) serve(p);
}

int luv__poll_begin(luv_state *S, luv_fiber *f) {
  luv_poll *p = f->wait.on;
  int err;
  queue_push(&p->o.waiters, &f->wait.node);
  if ((err = arm(p))) luv__wake_error(S, f, err);
  return 0;
}

static const luv_op wait_op = {.name = "poll", .flags = LUV_OP_EXTERNAL | LUV_OP_AGAIN, .begin = luv__poll_begin,
                               .deliver = luv__deliver_readiness};

void luv__poll_unwatch(luv_poll *p) {
  uv_poll_stop(&p->h);
  close(p->epoll);
}

static void closing(luv_object *o) { luv__poll_unwatch((luv_poll *)o); }

luv_class luv__class_poll = {.name = "luv.poll", .closing = closing};

/* ---- making one ----------------------------------------------------------------------------- */

int luv__poll_watch(luv_state *S, luv_poll *p) {
  struct epoll_event e = {EPOLLONESHOT, {.ptr = NULL}};
  int err = 0;
  p->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (p->epoll < 0) return failure();
  if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->fd, &e)) err = failure();
  if (!err) err = uv_poll_init(S->loop, &p->h, p->epoll);
  if (err) {
    close(p->epoll);
    return err;
  }
  p->o.flags = LUV_O_HANDLE;
  p->o.uv_type = UV_POLL;
  p->h.data = &p->o;
  uv_poll_start(&p->h, UV_READABLE, on_epoll);
  return 0;
}

/* Calls fileno() of the object at idx; returns how many results are not to be a descriptor, 0 if
 * the one on top is. */
static int ask(luv_state *S, lua_State *L, int idx, int arg, const char *fname) {
  int top = lua_gettop(L);
  if (!lua_istable(L, idx) && !luaL_getmetafield(L, idx, "__index"))
    return luv__type_error(S, L, idx, arg, fname, "descriptor or object with fileno()");
  lua_settop(L, top);
  lua_getfield(L, idx, "fileno");
  if (!lua_isfunction(L, -1)) return luv__type_error(S, L, idx, arg, fname, "descriptor or object with fileno()");
  lua_pushvalue(L, idx);
  lua_call(L, 1, 3);
  if (lua_isnil(L, -3)) return 3;
  lua_settop(L, -3);
  return 0;
}

int luv__poll_fd(luv_state *S, lua_State *L, int idx, int arg, const char *fname) {
  int object = lua_istable(L, idx) || lua_isuserdata(L, idx), at = idx;
  double n;
  if (object && ask(S, L, idx, arg, fname)) return -1;
  if (object) at = lua_gettop(L);
  n = lua_tonumber(L, at);
  if (lua_type(L, at) != LUA_TNUMBER) return luv__type_error(S, L, at, arg, fname, "number");
  if (!(n >= 0 && n <= 2147483647 && n == (int)n))
    return luv__arg_error(S, L, arg, fname, "whole number from 0 to 2147483647 expected");
  return (int)n;
}

/* The object that the descriptor is of lives as long as the userdata on top. */
static void hold(lua_State *L) {
  if (lua_type(L, 1) == LUA_TNUMBER) return;
  lua_createtable(L, 1, 0);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  lua_setfenv(L, -2);
}

/* poll = luv.poll.create(fd or object with fileno()) */
int luv_poll_create(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_poll *p;
  int err, fd = luv__poll_fd(S, L, 1, 1, "create");
  if (fd < 0) return 3;
  p = (luv_poll *)luv__object_new(S, luv__class_poll.id, sizeof *p);
  if (!p) return luv__fail(L, UV_ENOMEM);
  p->fd = fd;
  if ((err = luv__poll_watch(S, p))) {
    luv__object_dispose(&p->o);
    return luv__fail(L, err);
  }
  luv__push_object(S, L, &p->o);
  hold(L);
  return 1;
}

/* ---- methods ------------------------------------------------------------------------------------- */

static luv_poll *check(luv_state *S, lua_State *L, const char *fname) {
  luv_box *b = luv__tobox(L, 1, luv__class_poll.id);
  if (!b) luv__type_error(S, L, 1, 0, fname, "luv.poll");
  return b->o && !(b->o->flags & LUV_O_CLOSING) ? (luv_poll *)b->o : NULL;
}

/* "r", "w" or "rw" = poll:wait("r"|"w"|"rw"[, timeout]) */
int luv_poll_wait(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_poll *p = check(S, L, "wait");
  int want = luv__readiness_wanted(S, L), is;
  double timeout = luv__opt_timeout(S, L, 3, 2, "wait");
  luv__check_cancel(S, L);
  if (!p) return luv__fail(L, UV_EBADF);
  is = luv__readiness(p->fd, want);
  if (is < 0) return luv__fail(L, is);
  /* A descriptor that is always ready must not keep the others waiting for ever. */
  if (is == 0 || (timeout != 0 && luv__overdue(S, L, luv__room_data(S, &luv__poll_room))))
    return luv__suspend(S, L, &wait_op, p, (uint64_t)want, timeout);
  return luv__push_readiness(L, is);
}

/* fd = poll:fileno() */
int luv_poll_fileno(lua_State *L) {
  luv_poll *p = check(luv_enter(L), L, "fileno");
  if (!p) return luv__fail(L, UV_EBADF);
  lua_pushinteger(L, p->fd);
  return 1;
}
