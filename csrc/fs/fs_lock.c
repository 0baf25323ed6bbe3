/* fs_lock.c - file:lock: locks of open file descriptions, which whoever opens the file anew meets, in
 * this process or another, and which end with the file.
 *
 * The kernel can wait for one only in a thread of its own, which nothing but a signal would get
 * back. So it is asked again and again, less and less often. A request that waits for that stands in
 * the state LUV_REQ_WAITS, and has a timer.
 *
 * What a thread of the pool has locked for somebody who has given up meanwhile (a time limit, a loser of
 * luv.select) is unlocked again; a newer lock of the same file waits for that, or it would go, too. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include "fs.h"

#define FIRST 1 /* ms between two tries */
#define LAST 25

struct luv_locking { uv_timer_t timer; luv_fsreq *r; unsigned pause; };

/* n: the kind, whether to try once only, offset, length. */
static int try_lock(int fd, const double *n) {
  struct flock l;
  memset(&l, 0, sizeof l); /* l_pid must be 0 */
  l.l_type = (short)n[0];
  l.l_whence = SEEK_SET;
  l.l_start = (off_t)n[2];
  l.l_len = (off_t)n[3];
  if (fcntl(fd, F_OFD_SETLK, &l) == 0) return 0;
  return errno == EACCES || errno == EAGAIN ? UV_EAGAIN : uv_translate_sys_error(errno);
}

/* On a thread of the pool: a server may have to be asked. */
void luv__job_lock(luv_fsreq *r) {
  r->result = try_lock(r->d->fd, r->n);
  if (r->result || !r->stop) return;
  r->n[0] = F_UNLCK; /* nobody waits any more */
  try_lock(r->d->fd, r->n);
  r->result = UV_ECANCELED;
}

/* ---- locks that nobody waits for any more ------------------------------------------------------ */

/* A thread of the pool is at it. */
void luv__lock_give_up(luv_fsreq *r) {
  r->given_up = 1;
  r->d->given_up++;
}

/* Whether it came to be locked all the same: luv__job_lock takes it back, since r->stop is set. */
int luv__lock_remains(luv_fsreq *r) { return r->given_up && r->result == 0 && r->n[0] != F_UNLCK; }

/* Whether r has to wait for such. */
int luv__lock_queue(luv_fsreq *r) {
  if (!r->d->given_up) return 0;
  r->state = LUV_REQ_QUEUED;
  queue_push(&r->d->locks, &r->turn);
  return 1;
}

/* r is out of the way. */
void luv__lock_undone(luv_fsreq *r) {
  luv_desc *d = r->d;
  if (--d->given_up) return;
  while (!queue_empty(&d->locks) && !d->given_up && r->S && !r->S->dead) {
    luv_fsreq *next = luv_container(d->locks.next, luv_fsreq, turn);
    queue_remove(&next->turn);
    if (luv__fs_launch(next)) luv__fs_settle(next);
  }
}

/* ---- asking again -------------------------------------------------------------------------------- */

static void on_close(uv_handle_t *h) { free(h); }

/* No more tries. */
void luv__lock_end(luv_fsreq *r) {
  struct luv_locking *k = r->locking;
  r->locking = NULL;
  if (!k) return;
  k->r = NULL;
  uv_close((uv_handle_t *)&k->timer, on_close);
}

static void on_time(uv_timer_t *t) {
  struct luv_locking *k = (struct luv_locking *)t;
  luv_fsreq *r = k->r;
  if (!r) return;
  if (!r->d->local && luv__fs_launch(r) == 0) return;
  if (r->d->local) r->result = try_lock(r->d->fd, r->n);
  if (luv__lock_more(r)) return;
  uv_stop(t->loop); /* it would wait for something else */
  luv__fs_settle(r);
}

static int pause_of(luv_fsreq *r) {
  struct luv_locking *k = r->locking;
  if (k) {
    k->pause = k->pause * 2 < LAST ? k->pause * 2 : LAST;
    return (int)k->pause;
  }
  k = calloc(1, sizeof *k);
  if (!k) return UV_ENOMEM;
  uv_timer_init(r->S->loop, &k->timer);
  k->r = r;
  r->locking = k;
  return (int)(k->pause = FIRST);
}

/* Whether r goes on: somebody else has it locked. */
int luv__lock_more(luv_fsreq *r) {
  int pause = r->result == UV_EAGAIN && r->f && !r->n[1] ? pause_of(r) : 0;
  if (r->result == UV_EAGAIN && r->n[1]) r->result = UV_ETIMEDOUT;
  if (pause < 0) r->result = pause;
  if (pause <= 0) {
    luv__lock_end(r);
    return 0;
  }
  r->state = LUV_REQ_WAITS;
  uv_timer_start(&r->locking->timer, on_time, (uint64_t)pause, 0);
  return 1;
}

static int kind(luv_state *S, lua_State *L) {
  static const char *const names[] = {"shared", "exclusive", NULL};
  static const int kinds[] = {F_RDLCK, F_WRLCK};
  int i = 0;
  if (lua_isnoneornil(L, 2)) return F_UNLCK;
  if (lua_type(L, 2) != LUA_TSTRING) return luv__type_error(S, L, 2, 1, "lock", "string or nil");
  while (names[i] && strcmp(names[i], lua_tostring(L, 2)) != 0) i++;
  if (!names[i]) return luv__arg_error(S, L, 1, "lock", "\"shared\", \"exclusive\" or nil expected");
  return kinds[i];
}

static double field(luv_state *S, lua_State *L, const char *name) {
  double n = 0;
  lua_pushstring(L, name);
  lua_rawget(L, 3);
  if (!lua_isnil(L, -1)) {
    n = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(n >= 0 && n <= LUV_FS_MAX && n == floor(n)))
      luv__arg_error(S, L, 2, "lock", "offset and length are whole numbers of 0 to 2^53");
  }
  lua_pop(L, 1);
  return n;
}

/* file = file:lock("shared"|"exclusive"|nil[, {offset = 0, length}][, timeout]) */
int luv_file_lock(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_desc *d;
  int range = lua_type(L, 3) == LUA_TTABLE, err;
  luv_fs_call c;
  double timeout;
  luv__check_file(S, L, 1, 0, "lock");
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(file_lock);
  c.n[0] = kind(S, L);
  if (range) c.n[2] = field(S, L, "offset"), c.n[3] = field(S, L, "length");
  timeout = luv__opt_timeout(S, L, 3 + range, 2 + range, "lock");
  luv__check_cancel(S, L);
  c.d = d = luv__check_file(S, L, 1, 0, "lock");
  if (!d) return luv__fail(L, UV_EBADF);
  if (timeout == 0) c.n[1] = 1, timeout = LUV_NO_TIMEOUT; /* one try, which need not be in place */
  err = d->local && !d->given_up && luv__fs_here(S, L) ? try_lock(d->fd, c.n) : UV_EAGAIN;
  if (err == UV_EAGAIN) return luv__fs_wait(S, L, &c, timeout);
  if (err) return luv__fs_fail_at(L, err, d->path);
  lua_settop(L, 1);
  return 1;
}
