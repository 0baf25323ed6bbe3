/* fs_poll.c - luv.fs.poll: asks for a file's attributes again and again, for what inotify
 * cannot see (files of a network, of /proc). libuv's uv_fs_poll_t does it, in the pool.
 * Changes that nobody has taken become one: from the first state of them to the last. */
#include "fs.h"

luv_class luv__class_fs_poll = {.name = "luv.fs.poller", .freed = luv__poller_gone};

typedef struct {
  luv_object o;
  union uv_any_handle u;
  uv_stat_t before, now;
  int status, changed;
} poller;

static void on_poll(uv_fs_poll_t *h, int status, const uv_stat_t *before, const uv_stat_t *now) {
  poller *p = h->data;
  luv_fiber *f;
  if (p->o.flags & LUV_O_CLOSING) return;
  if (!p->changed) p->before = *before;
  p->now = *now;
  p->status = status;
  p->changed = 1;
  if (queue_empty(&p->o.waiters)) return;
  f = luv_container(p->o.waiters.next, luv_fiber, wait.node);
  luv__wake(p->o.S, f, LUV_OUT_OWN);
}

static int failed(poller *p, lua_State *W) {
  char path[4097];
  size_t n = sizeof path;
  return luv__fail_about(W, p->status, uv_fs_poll_getpath(&p->u.fs_poll, path, &n) ? NULL : path, NULL);
}

/* before, now: or what the last look failed with. */
int luv__push_poll(luv_state *S, luv_object *o, lua_State *W) {
  poller *p = (poller *)o;
  uv_stat_t before = p->before, now = p->now; /* which may be closed between the two tables */
  p->changed = 0;
  if (p->status < 0) return failed(p, W);
  luv__push_stat(S, W, &before);
  luv__push_stat(S, W, &now);
  return 2;
}

/* poll = luv.fs.poll(path, ms) */
int luv_fs_poll(lua_State *L) {
  luv_state *S = luv_enter(L);
  poller *p;
  const char *path;
  double ms;
  int err;
  if (lua_type(L, 1) != LUA_TSTRING) return luv__type_error(S, L, 1, 1, "poll", "string");
  if (lua_type(L, 2) != LUA_TNUMBER) return luv__type_error(S, L, 2, 2, "poll", "number");
  path = lua_tostring(L, 1);
  ms = lua_tonumber(L, 2);
  if (strlen(path) != lua_objlen(L, 1)) return luv__arg_error(S, L, 1, "poll", "a name cannot hold a zero byte");
  if (!(ms >= 1 && ms <= 4294967295.0)) return luv__arg_error(S, L, 2, "poll", "milliseconds of 1 or more expected");
  if (!luv__fs(S)) return luv__fail(L, UV_ENOMEM);
  p = (poller *)luv__object_new(S, luv__class_fs_poll.id, sizeof *p);
  if (!p) return luv__fail(L, UV_ENOMEM);
  luv__poller_come();
  err = uv_fs_poll_init(S->loop, &p->u.fs_poll);
  if (err) {
    luv__object_dispose(&p->o);
    return luv__fail(L, err);
  }
  p->o.flags = LUV_O_HANDLE;
  p->o.uv_type = UV_FS_POLL;
  p->u.fs_poll.data = p;
  err = uv_fs_poll_start(&p->u.fs_poll, on_poll, path, (unsigned)ms);
  if (err) {
    luv__object_close(&p->o);
    return luv__fail_about(L, err, path, NULL);
  }
  luv__push_object(S, L, &p->o);
  return 1;
}

/* before, now = poll:next([timeout]) */
int luv_fs_poll_next(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_box *b = luv__tobox(L, 1, luv__class_fs_poll.id);
  double timeout;
  if (!b) return luv__type_error(S, L, 1, 0, "next", "luv.fs.poller");
  timeout = luv__opt_timeout(S, L, 2, 1, "next");
  luv__check_cancel(S, L);
  if (!b->o || (b->o->flags & LUV_O_CLOSING)) return luv__fail(L, UV_EBADF);
  if (((poller *)b->o)->changed) return luv__push_poll(S, b->o, L);
  return luv__suspend(S, L, &luv__op_change, b->o, 0, timeout);
}
