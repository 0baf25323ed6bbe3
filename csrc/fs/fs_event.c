/* fs_event.c - luv.fs.watch: what changes in a directory, or of a file.
 *
 * This asks inotify itself. libuv's uv_fs_event_t hides that the kernel's queue has run
 * over, and folds created, deleted and moved into one. There is one inotify descriptor per
 * state, as in libuv, since a user may have few; the kernel gives one number to all watches
 * of an inode, so an event goes to each luv.fs.event with that number. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "fs_watch.h"

#define MOST 16384 /* events that nobody has taken: one more is the overflow */

struct luv_inotify { uv_poll_t poll; int fd; luv_queue watches; };

/* ---- what the kernel says ------------------------------------------------------------ */

const char *luv__watch_base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

static void push(luv_watch *w, uint32_t mask, uint32_t cookie, const char *name) {
  luv_event *e;
  if (w->count > MOST) return;
  if (w->count == MOST) mask = IN_Q_OVERFLOW, name = "";
  e = malloc(sizeof *e + strlen(name) + 1);
  if (!e) return;
  e->next = NULL;
  e->mask = mask;
  e->cookie = cookie;
  strcpy(e->name, name);
  *w->last = e;
  w->last = &e->next;
  w->count++;
}

static void wake_one(luv_watch *w) {
  luv_fiber *f;
  if (queue_empty(&w->o.waiters) || w->count <= w->promised) return;
  w->promised++;
  f = luv_container(w->o.waiters.next, luv_fiber, wait.node);
  luv__wake(w->o.S, f, LUV_OUT_OWN);
}

void luv__watch_tell(luv_watch *w, uint32_t mask, uint32_t cookie, const char *name) {
  push(w, mask, cookie, name);
  wake_one(w);
}

void luv__watch_gone(luv_watch *w) {
  w->wd = -1;
  if (!w->first) luv__wake_all_error(w->o.S, &w->o.waiters, UV_EOF);
}

static void tell(luv_watch *w, const struct inotify_event *e) {
  if (e->mask & IN_IGNORED) luv__watch_gone(w);
  else luv__watch_tell(w, e->mask, e->cookie, e->mask & IN_Q_OVERFLOW ? "" : e->len ? e->name : luv__watch_base(w->path));
}

static void tell_all(struct luv_inotify *in, const struct inotify_event *e) {
  luv_queue *q;
  for (q = in->watches.next; q != &in->watches; q = q->next) {
    luv_watch *w = luv_container(q, luv_watch, link);
    if ((e->mask & IN_Q_OVERFLOW) || w->wd == e->wd) tell(w, e);
  }
}

static void on_readable(uv_poll_t *p, int status, int events) {
  struct luv_inotify *in = (struct luv_inotify *)p;
  char buf[16384] __attribute__((aligned(8)));
  ssize_t n, at;
  int round = 0;
  (void)status;
  (void)events;
  while (round++ < LUV_WATCH_ROUNDS && (n = read(in->fd, buf, sizeof buf)) > 0)
    for (at = 0; at < n;) {
      const struct inotify_event *e = (const void *)(buf + at);
      tell_all(in, e);
      at += (ssize_t)sizeof *e + (ssize_t)e->len;
    }
}

/* ---- the descriptor -------------------------------------------------------------------- */

static int open_inotify(luv_state *S, struct luv_inotify **to) {
  struct luv_inotify *in = calloc(1, sizeof *in);
  int err;
  if (!in) return UV_ENOMEM;
  in->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  err = in->fd < 0 ? uv_translate_sys_error(errno) : uv_poll_init(S->loop, &in->poll, in->fd);
  if (err) {
    if (in->fd >= 0) close(in->fd);
    free(in);
    return err;
  }
  in->poll.data = NULL;
  queue_init(&in->watches);
  uv_poll_start(&in->poll, UV_READABLE, on_readable);
  *to = in;
  return 0;
}

static void on_close(uv_handle_t *h) {
  close(((struct luv_inotify *)h)->fd);
  free(h);
}

void luv__watch_close(luv_state *S) {
  struct luv_inotify *in = luv__fs_of(S)->inotify;
  luv__fs_of(S)->inotify = NULL;
  if (in) uv_close((uv_handle_t *)&in->poll, on_close);
}

static int shared(struct luv_inotify *in, const luv_watch *w) {
  luv_queue *q;
  for (q = in->watches.next; q != &in->watches; q = q->next)
    if (luv_container(q, luv_watch, link)->wd == w->wd) return 1;
  return 0;
}

/* The last watch takes the descriptor with it. */
static void leave(luv_state *S, luv_watch *w) {
  struct luv_inotify *in = luv__fs_of(S)->inotify;
  queue_remove(&w->link);
  if (in && w->wd >= 0 && !shared(in, w)) inotify_rm_watch(in->fd, w->wd);
  if (in && queue_empty(&in->watches)) luv__watch_close(S);
}

static void closing(luv_object *o) {
  luv_watch *w = (luv_watch *)o;
  luv_event *e;
  if (w->tree) luv__tree_close(w);
  else leave(o->S, w);
  while ((e = w->first)) {
    w->first = e->next;
    free(e);
  }
  free(w->path);
}

luv_class luv__class_fs_event = {.name = "luv.fs.event", .closing = closing};

/* ---- the faces ---------------------------------------------------------------------------- */

/* The name has been looked up already, by somebody who may wait for it. */
static int add_watch(luv_state *S, int at, const char *path) {
  char name[32];
  int wd;
  snprintf(name, sizeof name, "/proc/self/fd/%d", at);
  wd = inotify_add_watch(luv__fs_of(S)->inotify->fd, name, LUV_WATCH_ASKED);
  if (wd < 0 && errno == ENOENT) wd = inotify_add_watch(luv__fs_of(S)->inotify->fd, path, LUV_WATCH_ASKED); /* no /proc */
  return wd < 0 ? uv_translate_sys_error(errno) : wd;
}

static int start(luv_state *S, luv_watch *w, int at) {
  int err = luv__fs_of(S)->inotify ? 0 : open_inotify(S, &luv__fs_of(S)->inotify);
  if (err) return err;
  queue_push(&luv__fs_of(S)->inotify->watches, &w->link);
  w->wd = add_watch(S, at, w->path);
  return w->wd < 0 ? w->wd : 0;
}

luv_watch *luv__watch_new(luv_state *S, const char *path) {
  luv_watch *w = (luv_watch *)luv__object_new(S, luv__class_fs_event.id, sizeof *w);
  if (!w) return NULL;
  queue_init(&w->link);
  w->last = &w->first;
  w->wd = -1;
  if ((w->path = strdup(path))) return w;
  luv__object_close(&w->o);
  return NULL;
}

/* Makes b, on top of W, watch what `at` leads to, which is closed; with s, all below. */
static int into(luv_state *S, lua_State *W, luv_box *b, int at, const char *path, luv_scan *s) {
  luv_watch *w = luv__watch_new(S, path);
  int err = !w ? UV_ENOMEM : s ? luv__tree_new(w, s) : start(S, w, at);
  close(at);
  if (err && w) luv__object_close(&w->o);
  if (err) return luv__fail_about(W, err, path, NULL);
  b->o = &w->o;
  w->o.box = b;
  return 1;
}

int luv__watch_into(luv_state *S, lua_State *W, luv_box *b, int at, const char *path) {
  return into(S, W, b, at, path, NULL);
}

int luv__tree_into(luv_fsreq *r, lua_State *W, luv_box *b) {
  return into(r->S, W, b, (int)r->result, r->path[0], r->scan);
}

static void flag(lua_State *W, const char *name, uint32_t is) {
  lua_pushboolean(W, is != 0);
  lua_setfield(W, -2, name);
}

/* name, {rename = , change = , ...} */
static int push_fields(lua_State *W, const char *file, uint32_t m, uint32_t cookie) {
  lua_pushstring(W, file);
  lua_createtable(W, 0, 8);
  flag(W, "overflow", m & IN_Q_OVERFLOW);
  flag(W, "change", m & LUV_WATCH_CHANGED);
  flag(W, "rename", m & ~(uint32_t)(LUV_WATCH_CHANGED | IN_Q_OVERFLOW | IN_ISDIR));
  flag(W, "created", m & (IN_CREATE | IN_MOVED_TO));
  flag(W, "deleted", m & (IN_DELETE | IN_DELETE_SELF | IN_MOVED_FROM));
  flag(W, "moved", m & (IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF));
  flag(W, "directory", m & IN_ISDIR);
  lua_pushnumber(W, cookie);
  lua_setfield(W, -2, "cookie");
  return 2;
}

/* The first event leaves the watch before the values are made: a finaliser may close that. */
static int push_event(luv_watch *w, lua_State *W) {
  luv_event *e = w->first;
  uint32_t mask = e->mask, cookie = e->cookie;
  char file[PATH_MAX];
  snprintf(file, sizeof file, "%s", e->name);
  w->first = e->next;
  if (!w->first) w->last = &w->first;
  w->count--;
  free(e);
  return push_fields(W, file, mask, cookie);
}

/* The one that a fiber was promised when it was woken. */
int luv__push_event(luv_object *o, lua_State *W) {
  luv_watch *w = (luv_watch *)o;
  w->promised--;
  luv_assert(w->first);
  return push_event(w, W);
}

/* name, what = watch:next([timeout]) */
int luv_fs_event_next(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_box *b = luv__tobox(L, 1, luv__class_fs_event.id);
  double timeout;
  luv_watch *w;
  if (!b) return luv__type_error(S, L, 1, 0, "next", "luv.fs.event");
  timeout = luv__opt_timeout(S, L, 2, 1, "next");
  luv__check_cancel(S, L);
  if (!b->o || (b->o->flags & LUV_O_CLOSING)) return luv__fail(L, UV_EBADF);
  w = (luv_watch *)b->o;
  if (w->count <= w->promised && timeout == 0) {
    luv__glance(S);
    if (b->o != &w->o || w->o.flags & LUV_O_CLOSING) return luv__fail(L, UV_ECANCELED);
  }
  if (w->count > w->promised) return push_event(w, L);
  if (w->wd < 0) return luv__fs_fail_at(L, UV_EOF, w->path);
  return luv__suspend(S, L, &luv__op_change, w, 0, timeout);
}
