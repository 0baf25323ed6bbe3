/* fs_desc.c - the descriptor that a file's userdata and its requests hold together.
 *
 * The file's position is luv's own, not the kernel's: a read that somebody gave up has
 * moved nothing. What cannot seek (pipes, terminals) is read where the kernel is, and what
 * was read for nobody is kept for the next reader. */
#include <fcntl.h>
#include <unistd.h>
#include "fs.h"

luv_desc *luv__desc_new(luv_state *S, int fd, const char *path, int flags) {
  luv_desc *d = calloc(1, sizeof *d);
  if (!d || (path && !(d->path = strdup(path)))) {
    free(d);
    return NULL;
  }
  d->S = S;
  d->refs = 1;
  d->fd = fd;
  d->append = (flags & O_APPEND) != 0;
  queue_init(&d->turn);
  queue_init(&d->locks);
  if (fd >= 0) luv__desc_look(d);
  return d;
}

static void dispose(luv_desc *d) {
  luv__buffer_free(&d->in);
  free(d->path);
  free(d);
}

/* The last of them is gone: whatever is written is the kernel's, and nobody is there to
 * hear of an error. But the call may take its time, also where nothing was written: a
 * terminal drains, a server is told. */
static void close_unseen(luv_desc *d) {
  luv_fs_call c;
  luv_fsreq *r;
  if (d->S && !d->S->dead && (d->wrote || !d->local)) {
    memset(&c, 0, sizeof c);
    c.op = LUV_FS_OP(file_close);
    c.d = d;
    if ((r = luv__fsreq_new(d->S, &c))) {
      if (luv__fs_launch(r) == 0) return;
      d->refs++; /* this is not the way in again */
      luv__fsreq_free(r);
      d->refs--;
    }
  }
  close(d->fd);
  dispose(d);
}

void luv__desc_release(luv_desc *d) {
  d->refs--;
  if (d->refs == 1 && d->closer && d->closer->state == LUV_REQ_NEW && d->closed) {
    luv_fsreq *r = d->closer;
    if (luv__fs_launch(r)) luv__fs_settle(r);
    return;
  }
  if (d->refs) return;
  if (d->walk) luv__walk_free(d->walk);
  if (d->fd >= 0) close_unseen(d);
  else dispose(d);
}

/* Starts what waits for its turn at the position. */
void luv__desc_next(luv_desc *d) {
  if (d->serving) return;
  d->serving = 1;
  d->refs++;
  while (!d->active && !queue_empty(&d->turn)) {
    luv_fsreq *r = luv_container(d->turn.next, luv_fsreq, turn);
    queue_remove(&r->turn);
    d->active = r;
    if (luv__fs_launch(r)) luv__fs_settle(r);
  }
  d->serving = 0;
  luv__desc_release(d);
}

/* What has been read ahead is forgotten: of a file that can seek nothing is lost by it. */
void luv__desc_unread(luv_desc *d) {
  if (!d->seekable || !d->in.len) return;
  luv__buffer_consume(&d->in, d->in.len);
  d->scanned = 0;
}

static void release(void *block) { luv__block_release(block); }

/* Takes the first `skip` bytes of what has been read ahead; n of them, at p, are somebody's. */
luv_bytes luv__desc_take(luv_desc *d, const char *p, size_t n, size_t skip) {
  luv_bytes h = {p, n, release, luv__buffer_hold(&d->in)};
  luv__buffer_consume(&d->in, skip);
  d->scanned = 0;
  return h;
}

static void end_wait(luv_fsreq *r) {
  luv_fiber *f = r->f;
  if (!f) return;
  r->f = NULL;
  r->stop = 1;
  luv__wake_error(r->S, f, UV_ECANCELED);
}

static void drop_queued(luv_fsreq *r) {
  queue_remove(&r->turn);
  end_wait(r);
  luv__fsreq_free(r);
}

/* Whether anybody has been woken: a case of a luv.select takes the others along, so that
 * there may be no next one any more. */
static int end_one(luv_fsreq *r) {
  int waits = r->f != NULL;
  if (r->state == LUV_REQ_QUEUED) return drop_queued(r), 1; /* from d, to another file */
  if (r->state == LUV_REQ_WAITS) return end_wait(r), luv__fsreq_free(r), 1;
  if (r->state == LUV_REQ_POOL) end_wait(r), luv__pool_cancel(r);
  else end_wait(r); /* luv__fs_begin is still at it */
  return waits;
}

/* The userdata lets go: all waits end, those in the pool become orphans. */
static void let_go(luv_state *S, luv_desc *d) {
  luv_queue *q;
  d->closed = 1;
  while (!queue_empty(&d->turn)) {
    drop_queued(luv_container(d->turn.next, luv_fsreq, turn));
  }
  q = luv__fs_of(S)->requests.next;
  while (d->refs > 1 + (d->closer != NULL) && q != &luv__fs_of(S)->requests) {
    luv_fsreq *r = luv_container(q, luv_fsreq, link);
    q = q->next;
    if ((r->d == d || r->d2 == d) && r != d->closer && end_one(r)) q = luv__fs_of(S)->requests.next;
  }
  luv__desc_release(d);
}

static void closing(luv_object *o) {
  luv_file *file = (luv_file *)o;
  luv_desc *d = file->d;
  file->d = NULL;
  if (d && luv__fs_of(o->S)) let_go(o->S, d);
}

/* The descriptor of the file at idx; NULL when it is closed. */
luv_desc *luv__check_file(luv_state *S, lua_State *L, int idx, int arg, const char *fname) {
  luv_box *b = luv__tobox(L, idx, luv__class_file.id);
  if (!b) luv__type_error(S, L, idx, arg, fname, "luv.file");
  return b->o && !(b->o->flags & LUV_O_CLOSING) ? ((luv_file *)b->o)->d : NULL;
}

/* Makes b the userdata of a file or directory; d, NULL for want of memory, is its own. After an
 * error the descriptor is the caller's. */
int luv__file_into(luv_state *S, luv_box *b, luv_desc *d) {
  luv_file *file = d ? (luv_file *)luv__object_new(S, (int)b->class_id, sizeof *file) : NULL;
  if (!file && d) d->fd = -1, luv__desc_release(d);
  if (!file) return UV_ENOMEM;
  file->d = d;
  b->o = &file->o;
  file->o.box = b;
  return 0;
}

/* The object of a file, or of what is none of the others, that came from elsewhere. */
luv_object *luv__file_adopt(luv_state *S, int fd, int kind) {
  luv_desc *d = kind == UV_FILE && luv__fs(S) ? luv__desc_new(S, fd, NULL, fcntl(fd, F_GETFL)) : NULL;
  luv_file *file = d ? (luv_file *)luv__object_new(S, luv__class_file.id, sizeof *file) : NULL;
  if (file) file->d = d;
  else if (d) d->fd = -1, luv__desc_release(d);
  return (luv_object *)file;
}

static int descriptor(luv_object *o) {
  luv_desc *d = ((luv_file *)o)->d;
  return d ? d->fd : UV_EBADF;
}

luv_class luv__class_file = {.name = "luv.file", .closing = closing, .descriptor = descriptor};
luv_class luv__class_dir = {.name = "luv.dir", .closing = closing};

/* What a fiber was woken for; since then another may have closed the object at 1. */
static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_box *b = luv__anybox(L, 1);
  luv_object *o = b ? b->o : NULL;
  (void)f;
  if (!o || (o->flags & LUV_O_CLOSING)) return luv__fail(W, UV_ECANCELED);
  if (o->class_id == luv__class_fs_event.id) return luv__push_event(o, W);
  return o->class_id == luv__class_fs_poll.id ? luv__push_poll(S, o, W) : luv__fail(W, UV_ECANCELED);
}

const luv_op luv__op_change = {.name = "change", .flags = LUV_OP_EXTERNAL, .begin = luv__begin_object, .deliver = deliver};
