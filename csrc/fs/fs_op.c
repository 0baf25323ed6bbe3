/* fs_op.c - an operation on files, from its face to its result.
 *
 * A face parses its arguments into luv_fs.call and asks for a wait; the wait's beginning
 * makes the request and hands it to libuv's pool. So a call whose yield Lua refuses has
 * done nothing. A request comes back (fs_pool.c): more of it may have to be done; else
 * its fiber is woken and pushes the result in its turn, or nobody waits and it is undone.
 *
 * What is at a file's position (reads, writes, lines) goes one at a time, in order. A reader
 * of a pipe that gives up leaves its read behind: the next reader adopts it, so that no
 * byte is lost. */
#include <fcntl.h>
#include <unistd.h>
#include "fs.h"

#define P(i) (r->path[i])
#define N(i) (r->n[i])
#define PERM(i, otherwise) (N(i) < 0 ? (otherwise) : (int)N(i))
#define ID(i) ((unsigned)(int64_t)N(i))
#define UV NULL, &r->fs /* no loop, no callback: it is done at once, on this thread */
#define JOB(job) (job(r), r->fs.result = 0, r->result)

/* libuv's functions return an int, which the bytes of a long write do not fit into. The request
 * has all of them, but for an error before the call. */
static void whole(luv_fsreq *r, int64_t n) { r->result = r->fs.result ? r->fs.result : n; }

#define WORK(face, waits, args, result_, in_place, call) \
  static void work_##face(luv_fsreq *r) { whole(r, call); }
LUV_FS_OPS(WORK)
LUV_FS_OWN(WORK)

#define ROW(face, waits, args, result, in_place, call) \
  {#face, args, LUV_FS_##result, in_place, NULL, work_##face},
#define OWN(face, waits, args, result, prepare, call) \
  {#face, args, LUV_FS_##result, NULL, prepare, work_##face},
const luv_fs_op luv__fs_ops[LUV_OPERATIONS] = { LUV_FS_OPS(ROW) LUV_FS_OWN(OWN) };

static const luv_outside outside = {.serve = luv__pool_collect, .look = luv__pool_look, .working = luv__fs_pending};

luv_fs *luv__fs(luv_state *S) {
  const char *env;
  if (luv__fs_of(S)) return luv__fs_of(S);
  luv__fs_of(S) = calloc(1, sizeof *luv__fs_of(S));
  if (!luv__fs_of(S)) return NULL;
  luv__fs_of(S)->crew = luv__crew_new(S);
  if (!luv__fs_of(S)->crew) {
    free(luv__fs_of(S));
    return luv__fs_of(S) = NULL;
  }
  queue_init(&luv__fs_of(S)->requests);
  luv__outside_add(S, &outside);
  luv__fs_of(S)->ref_stat = LUA_NOREF;
  env = getenv("LUV_FS_INLINE");
  luv__fs_of(S)->in_place = !(env && strcmp(env, "0") == 0);
  return luv__fs_of(S);
}

/* ---- requests ------------------------------------------------------------------------ */

static int is_read(const luv_fsreq *r) {
  return r->op->result == LUV_FS_DATA || r->op->result == LUV_FS_LINE;
}

/* It waits for its turn at the descriptor. A pipe has no position, and who writes to it may
 * be what its reader waits for. */
static int in_turn(const luv_fs_op *op, const luv_desc *d, const double *n) {
  switch (op->result) {
    case LUV_FS_DATA: return n[1] < 0;
    case LUV_FS_WRITTEN: case LUV_FS_SENT: return n[1] < 0 && d->seekable;
    case LUV_FS_LINE: case LUV_FS_ENTRY: case LUV_FS_SIZE: return 1;
    default: return 0;
  }
}

static void launch(luv_fsreq *r, void (*work)(luv_fsreq *)) {
  r->state = LUV_REQ_POOL;
  r->work = work;
  luv__fs_of(r->S)->pending++;
  r->harmless = r->op->result >= LUV_FS_OK || __atomic_load_n(&r->S->detached, __ATOMIC_RELAXED);
  luv__pool_enter(r->harmless);
  luv__pool_put(r);
}

/* Hands r to the pool, or on to the pool again; 0: it is there. */
int luv__fs_launch(luv_fsreq *r) {
  int err = r->S ? 0 : UV_ECANCELED;
  if (r->state == LUV_REQ_DONE) uv_fs_req_cleanup(&r->fs);
  if (!err && r->op->prepare) err = r->op->prepare(r);
  if (err == 0) {
    launch(r, r->op->work);
    return 0;
  }
  r->state = LUV_REQ_DONE;
  if (err < 0) r->result = err;
  return err;
}

/* Hands it over for `work`, whatever the operation is. */
void luv__fs_launch_job(luv_fsreq *r, void (*work)(luv_fsreq *)) { launch(r, work); }

/* All of r is done: who waits gets it. */
void luv__fs_settle(luv_fsreq *r) {
  luv_desc *d = r->d;
  luv_fiber *f = r->f;
  int was_active = d && d->active == r;
  r->state = LUV_REQ_DONE;
  if (was_active) d->active = NULL;
  if (d) d->refs++;
  if (f) {
    r->f = NULL;
    f->wait.on = r;
    luv__wake(r->S, f, LUV_OUT_OWN);
  } else luv__fsreq_free(r);
  if (was_active) luv__desc_next(d);
  if (d) luv__desc_release(d);
}

static int more(luv_fsreq *r) {
  switch (r->op->result) {
    case LUV_FS_DATA: return luv__read_more(r);
    case LUV_FS_LINE: return luv__line_more(r);
    case LUV_FS_WRITTEN: return luv__write_more(r);
    case LUV_FS_SENT: return luv__send_more(r);
    case LUV_FS_ENTRY: return luv__dir_more(r);
    case LUV_FS_WATCH: if (r->scan) luv__tree_scanned(r); return 0;
    case LUV_FS_SELF: return r->op == LUV_FS_OP(file_lock) && luv__lock_more(r);
    default: return 0;
  }
}

/* The pool is done with r; `more` may have given it back to it. */
void luv__fs_arrived(luv_fsreq *r) {
  luv__fs_of(r->S)->pending--;
  luv__mount_learn(r);
  r->state = LUV_REQ_DONE;
  if (r->op->result == LUV_FS_CLOSED) {
    if (r->result == UV_ECANCELED) close(r->d->fd); /* the state ends: it did not come to that */
    r->d->fd = -1; /* whatever close(2) says */
    r->d->closer = NULL;
  }
  if (!more(r)) luv__fs_settle(r);
}

/* ---- waiting ------------------------------------------------------------------------------ */

/* A request that its reader has left, in the way of this one of the same kind. */
static luv_fsreq *orphan(const luv_fs_call *c) {
  luv_fsreq *a = c->d ? c->d->active : NULL;
  if (!a || a->f || !queue_empty(&c->d->turn) || a->op != c->op) return NULL;
  if (!is_read(a) && a->op->result != LUV_FS_ENTRY) return NULL;
  return in_turn(c->op, c->d, c->n) ? a : NULL;
}

static int wait_for(luv_state *S, luv_fiber *f, luv_fsreq *r) {
  r->f = f;
  f->wait.on = r;
  queue_push(&S->asleep, &f->wait.node);
  return 0;
}

static int anchor(lua_State *M) {
  luv_fsreq *r = lua_touserdata(M, 1);
  lua_State *L = r->f->in;
  lua_pushvalue(L, 2);
  lua_xmove(L, M, 1);
  r->ref = luaL_ref(M, LUA_REGISTRYINDEX);
  return 0;
}

/* The bytes that are to be written: copied if they are few, or if the write may take for ever, even
 * when Lua has ended: to a pipe, to another machine, to whatever has that name. Else anchored:
 * a file of this machine takes them, and the end of the state waits for that. */
static int hold_data(luv_state *S, luv_fsreq *r, lua_State *L) {
  unsigned max = lua_type(L, 2) == LUA_TTABLE ? (unsigned)lua_objlen(L, 2) : 1, i;
  r->bufs = max > 1 ? malloc(max * sizeof *r->bufs) : &r->one;
  if (!r->bufs) return UV_ENOMEM;
  r->nbufs = luv__gather(L, 2, 0, r->bufs, max);
  if (r->total > LUV_FS_COPY && r->d && r->d->local && r->d->seekable) {
    if (luv__protect_still(S, anchor, r)) luv__finalizer_failed(S);
    return r->ref == LUA_NOREF ? UV_ENOMEM : 0;
  }
  r->buf = malloc(r->total + 1);
  if (!r->buf) return UV_ENOMEM;
  for (i = 0, r->cap = 0; i < r->nbufs; r->cap += r->bufs[i++].len)
    memcpy(r->buf + r->cap, r->bufs[i].base, r->bufs[i].len);
  r->bufs[0].base = r->buf; /* uv_buf_init cuts its length to 32 bits */
  r->bufs[0].len = r->cap;
  r->nbufs = 1;
  return 0;
}

static const luv_op fs_op;

/* A case of luv.select has asked a while ago: its file, at 1, may have been closed. */
static int is_stale(luv_fiber *f, const luv_fs_call *c) {
  luv_box *b = c->d ? luv__anybox(f->in, 1) : NULL;
  if (f->is_main != LUV_IS_CASE || !c->d) return 0;
  if (!b || (b->class_id != luv__class_file.id && b->class_id != luv__class_dir.id)) return 1;
  return !b->o || b->o->flags & LUV_O_CLOSING || ((luv_file *)b->o)->d != c->d;
}

static int begin(luv_state *S, luv_fiber *f) {
  luv_fs_call c = f->wait.arg ? *(luv_fs_call *)(uintptr_t)f->wait.arg : luv__fs_of(S)->call;
  luv_fsreq *r;
  int err;
  if (is_stale(f, &c)) return luv__refused(f, UV_ECANCELED);
  r = c.begun ? c.begun : orphan(&c);
  luv__fs_of(S)->pooled++;
  if (r) {
    if (!c.begun) memcpy(r->n, c.n, sizeof r->n);
    return wait_for(S, f, r);
  }
  r = luv__fsreq_new(S, &c);
  if (!r) return luv__refused(f, UV_ENOMEM);
  r->asks = (uint8_t)luv__fs_of(S)->unknown;
  luv__fs_of(S)->unknown = 0;
  wait_for(S, f, r);
  err = c.data ? hold_data(S, r, f->in) : c.to ? luv__send_hold(S, r, c.to) : 0;
  if (!err && r->d && r->d->closed) err = UV_ECANCELED; /* as its data was anchored */
  if (!r->f) { /* likewise cancelled */
    luv__fsreq_free(r);
    return 0;
  }
  if (err) {
    luv__fsreq_free(r);
    return luv__refused(f, err);
  }
  if (r->op == LUV_FS_OP(file_lock) && luv__lock_queue(r)) return 0;
  if (in_turn(r->op, r->d, r->n)) {
    r->state = LUV_REQ_QUEUED;
    queue_push(&r->d->turn, &r->turn);
    luv__desc_next(r->d);
  } else if (luv__fs_launch(r)) luv__fs_settle(r);
  return 0;
}

/* Nobody waits for r any more. What has not begun does not begin. */
static void abandon(luv_state *S, luv_fiber *f) {
  luv_fsreq *r = f->wait.on;
  luv_desc *d = r->d;
  (void)S;
  r->f = NULL;
  r->stop = 1;
  if (r->state == LUV_REQ_QUEUED) {
    queue_remove(&r->turn);
    luv__fsreq_free(r);
    return;
  }
  if (r->state == LUV_REQ_WAITS) {
    luv__fsreq_free(r);
    return;
  }
  if (r->sending) {
    luv__send_stop(r);
    return;
  }
  if (r->op->result == LUV_FS_CLOSED) return; /* that goes on */
  if (r->op == LUV_FS_OP(file_lock)) luv__lock_give_up(r);
  luv__pool_cancel(r);
  if (!d || d->active != r || !is_read(r) || !d->seekable) return;
  d->active = NULL; /* it reads where it was told: the next reader need not wait */
  luv__desc_next(d);
}

/* Suspends for c: results of the call, or Lua's way to yield. A case of luv.select, of which
 * there may be several, keeps it on its stack. */
int luv__fs_wait(luv_state *S, lua_State *L, const luv_fs_call *c, double timeout) {
  luv_fiber *f = luv_current(S);
  luv_fs_call *own = NULL;
  if (f && f->is_main == LUV_IS_CASE) own = memcpy(lua_newuserdata(L, sizeof *c), c, sizeof *c); /* see is_stale */
  else luv__fs_of(S)->call = *c;
  return luv__suspend(S, L, &fs_op, NULL, (uint64_t)(uintptr_t)own, timeout);
}

static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_fsreq *r = f->wait.on;
  int n;
  if (luv__fs_of(S)->last) luv__fsreq_free(luv__fs_of(S)->last); /* its delivery ran out of memory */
  luv__fs_of(S)->last = r;
  n = luv__fs_push(r, L, W);
  luv__fs_of(S)->last = NULL;
  luv__fsreq_free(r);
  return n;
}

static const luv_op fs_op = {.name = "file", .flags = LUV_OP_EXTERNAL | LUV_OP_BEGUN, .begin = begin, .abandon = abandon,
                             .deliver = deliver};

/* ---- the faces ------------------------------------------------------------------------------- */

static int call(lua_State *L, const luv_fs_op *op) {
  luv_state *S = luv_enter(L);
  luv_fs_call c;
  double timeout;
  int n;
  if (!luv__fs(S)) return luv__fail(L, UV_ENOMEM);
  memset(&c, 0, sizeof c);
  luv__fs_parse(S, L, &c, op);
  timeout = c.n[3];
  luv__check_cancel(S, L);
  if (op->args[0] == 'F' && !c.d) return luv__fail(L, UV_EBADF);
  if (op->in_place && luv__fs_here(S, L) && (n = op->in_place(S, L, &c))) {
    luv__fs_of(S)->here++;
    return n;
  }
  return luv__fs_wait(S, L, &c, timeout);
}

#define FACE(face, waits, args, result, in_place, ...) \
  int luv_##face(lua_State *L) { return call(L, LUV_FS_OP(face)); }
LUV_FS_OPS(FACE)
