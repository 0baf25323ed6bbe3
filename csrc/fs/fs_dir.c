/* fs_dir.c - directory streams and walks, for the script: entries come out of a batch; when
 * it is used up the next is there, for a thread of the pool reads ahead by one. So a million
 * entries take two batches of memory. See fs_walk.c for what the thread does. */
#include <limits.h>
#include <stdio.h>
#include "fs_walk.h"

static luv_entry *first(luv_walk *w) {
  return w->now.at < w->now.n ? (luv_entry *)(void *)(w->now.p + w->now.at) : NULL;
}

static void drop(luv_walk *w, const luv_entry *e) {
  w->now.at += (sizeof *e + e->len + 1 + 7) & ~(size_t)7;
}

/* Starts to read ahead, unless somebody is at it. */
static void read_ahead(luv_state *S, luv_desc *d) {
  luv_fs_call c;
  luv_fsreq *r;
  if (d->active || d->walk->end || d->walk->err || d->walk->fill.n) return;
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(dir_next);
  c.d = d;
  r = luv__fsreq_new(S, &c);
  if (!r) return;
  d->active = r;
  if (luv__fs_launch(r) == 0) return;
  d->active = NULL;
  luv__fsreq_free(r);
}

/* No thread is at it: the batch that was read ahead is next. */
static void turn_page(luv_walk *w) {
  luv_batch b = w->now;
  w->now = w->fill;
  w->fill = b;
  w->fill.n = w->fill.at = 0;
}

/* The name is on top of W. */
static int push_rest(lua_State *W, int type, int err) {
  lua_pushstring(W, luv__dirent_type(type));
  if (!err) return 2;
  luv__fail_about(W, err, lua_tostring(W, -2), NULL);
  lua_remove(W, -3);
  return 4;
}

/* The request has an entry, the end, an error; or 0: it needs the pool. */
static int serve(luv_fsreq *r) {
  luv_walk *w = r->d->walk;
  luv_entry *e = first(w);
  if (!e && w->fill.n) {
    turn_page(w);
    e = first(w);
  }
  if (!e && !w->end && !w->err) return 0;
  if (!e) r->result = w->err ? w->err : UV_EOF;
  else if (!(r->buf = malloc(e->len + 1))) r->result = UV_ENOMEM;
  else {
    memcpy(r->buf, e + 1, e->len + 1);
    r->result = e->type;
    r->done = (uint64_t)(int64_t)e->err;
    r->total = e->len;
    drop(w, e);
  }
  return 1;
}

/* Its turn has come. What another has left needs no thread. */
int luv__dir_prepare(luv_fsreq *r) { return r->f && serve(r); }

/* The next batch is there, or was cancelled before it began. */
int luv__dir_more(luv_fsreq *r) {
  if (!r->f || r->d->closed) return 0;
  if (serve(r)) return 0;
  return luv__fs_launch(r) == 0;
}

int luv__push_entry(luv_fsreq *r, lua_State *W) {
  lua_pushlstring(W, r->buf, (size_t)r->total);
  return push_rest(W, (int)r->result, (int)(int64_t)r->done);
}

static luv_desc *check(luv_state *S, lua_State *L) {
  luv_box *b = luv__tobox(L, 1, luv__class_dir.id);
  if (!b) luv__type_error(S, L, 1, 0, "next", "luv.dir");
  return b->o && !(b->o->flags & LUV_O_CLOSING) ? ((luv_file *)b->o)->d : NULL;
}

/* The end of a walk, whose directory is at 1: nobody else has it. */
void luv__dir_ended(lua_State *L, luv_desc *d) {
  luv_box *b = luv__tobox(L, 1, luv__class_dir.id);
  if (b && b->o && !d->closed && d->walk->recursive) luv__object_close(b->o);
}

/* Takes the entry out of its batch, which others may turn over while its name is made. */
static int push_entry(luv_state *S, lua_State *L, luv_desc *d, const luv_entry *e) {
  int type = e->type, err = e->err;
  char few[1024], *more = e->len > sizeof few ? malloc(e->len) : NULL;
  luv_bytes h = {more ? more : few, e->len, free, more};
  if (e->len > sizeof few && !more) return luaL_error(L, "not enough memory");
  memcpy((char *)h.p, e + 1, e->len);
  drop(d->walk, e);
  read_ahead(S, d);
  luv__push_bytes(S, L, 0, h);
  return push_rest(L, type, err);
}

/* Results, or 0: the thread is at it. */
static int next_in_place(luv_state *S, lua_State *L, luv_desc *d) {
  luv_walk *w = d->walk;
  luv_entry *e = first(w);
  char path[PATH_MAX];
  int err;
  if (!queue_empty(&d->turn) || (d->active && d->active->f)) return 0;
  if (!e && !d->active && w->fill.n) {
    turn_page(w);
    e = first(w);
  }
  if (e) return push_entry(S, L, d, e);
  if (d->active || (!w->end && !w->err)) return 0;
  err = w->err ? w->err : UV_EOF;
  snprintf(path, sizeof path, "%s", d->path ? d->path : "");
  if (!w->err) luv__dir_ended(L, d);
  return luv__fail_about(L, err, path, NULL);
}

/* name, type = dir:next([timeout]) */
int luv_dir_next(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fs_call c;
  luv_desc *d;
  double timeout = LUV_NO_TIMEOUT;
  int n, iterator = luv__tobox(L, lua_upvalueindex(2), luv__class_dir.id) != NULL;
  if (iterator) { /* of a walk: upvalue 2 is the directory */
    lua_settop(L, 0);
    lua_pushvalue(L, lua_upvalueindex(2));
  }
  d = check(S, L);
  if (!iterator) timeout = luv__opt_timeout(S, L, 2, 1, "next");
  luv__check_cancel(S, L);
  if (!d) return luv__fail(L, UV_EBADF);
  if ((n = next_in_place(S, L, d))) return n;
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(dir_next);
  c.d = d;
  return luv__fs_wait(S, L, &c, timeout);
}

static const luv_face next_face = {.fn = luv_dir_next, .waits = 1};

/* Puts the iterator in the place of the directory on top. */
void luv__push_walker(luv_state *S, lua_State *W) { luv__push_iterator(S, W, &next_face); }
