/* fs_file.c - reading and writing an open file, and what it has beside: see fs_desc.c for
 * whose the position is. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "bytes.h"
#include "fs.h"

/* ---- reading -------------------------------------------------------------------------- */

static int64_t position(luv_desc *d) { return d->seekable ? d->pos : -1; }

/* Room for the next piece: memory grows with what the file has, not with what was asked. */
static int room(luv_fsreq *r) {
  uint64_t want = (uint64_t)r->n[0] - r->done;
  size_t piece = want < LUV_FS_CHUNK ? (size_t)want : LUV_FS_CHUNK;
  char *p;
  if (r->op->result == LUV_FS_LINE) piece = LUV_FS_DEFAULT;
  if (r->cap - r->done < piece) {
    p = realloc(r->buf, r->done ? 2 * r->done + piece : piece);
    if (!p) return UV_ENOMEM;
    r->buf = p;
    r->cap = r->done ? 2 * r->done + piece : piece;
  }
  r->one = uv_buf_init(r->buf + r->done, (unsigned)piece);
  return 0;
}

int luv__read_prepare(luv_fsreq *r) {
  luv_desc *d = r->d;
  int err = room(r);
  if (err) return err;
  if (r->op->result == LUV_FS_LINE) r->offset = d->seekable ? d->pos + (int64_t)d->in.len : -1;
  else if (r->done == 0) r->offset = r->n[1] >= 0 ? (int64_t)r->n[1] : position(d);
  r->at = r->offset < 0 ? -1 : r->offset + (int64_t)r->done;
  return 0;
}

/* A read was given up, and nothing else may lose what it has brought. */
static void keep(luv_fsreq *r, size_t from) {
  luv_desc *d = r->d;
  if (r->done > from && !d->seekable && !d->closed)
    luv__buffer_append(&d->in, r->buf + from, (size_t)r->done - from);
}

int luv__read_more(luv_fsreq *r) {
  luv_desc *d = r->d;
  size_t want = (size_t)r->n[0];
  if (r->result == UV_ECANCELED && r->f) return luv__fs_launch(r) == 0; /* it was adopted since */
  if (r->result > 0) r->done += (uint64_t)r->result;
  if (r->f && d->seekable && r->done < want && r->result == (int64_t)r->one.len)
    if (luv__fs_launch(r) == 0) return 1;
  if (!r->f) {
    keep(r, 0);
    return 0;
  }
  if (r->result < 0 && r->done == 0) return 0;
  r->result = (int64_t)r->done;
  if (r->n[1] >= 0) return 0;
  if (d->seekable) {
    luv__desc_unread(d);
    d->pos = r->offset + r->result;
  } else if (r->done > want) {
    keep(r, want);
    r->result = (int64_t)want;
  }
  return 0;
}

/* Of a pipe: what an earlier read has left. */
static int push_kept(luv_state *S, lua_State *L, luv_desc *d, uint64_t n) {
  size_t take = d->in.len < n ? d->in.len : (size_t)n;
  luv_bytes h = luv__desc_take(d, d->in.p + d->in.head, take, take);
  return luv__push_bytes(S, L, 1, h);
}

/* Results, or 0: the kernel cannot say without waiting. */
static int read_in_place(luv_state *S, lua_State *L, luv_desc *d, uint64_t n, int64_t offset) {
  int64_t got;
  if (offset < 0 && (d->active || !queue_empty(&d->turn))) return 0;
  got = luv__read_now(S, d, n, offset < 0 ? position(d) : offset);
  if (got == UV_EAGAIN) return 0;
  luv__fs_of(S)->here++;
  if (got <= 0) return luv__fs_fail_at(L, got ? (int)got : UV_EOF, d->path);
  if (offset < 0 && d->seekable) {
    luv__desc_unread(d);
    d->pos += got;
  }
  return luv__push_read(S, L, 1, (size_t)got);
}

/* An offset at idx: nil and -1 are the position. */
static double opt_offset(luv_state *S, lua_State *L, int idx, const char *fname) {
  if (lua_type(L, idx) == LUA_TNUMBER && lua_tonumber(L, idx) == -1) return -1;
  return lua_isnoneornil(L, idx) ? -1 : (double)luv__fs_count(S, L, idx, idx - 1, fname, 0);
}

/* n, data = file:read([len][, offset][, timeout]) */
int luv_file_read(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_desc *d = luv__check_file(S, L, 1, 0, "read");
  uint64_t want = luv__fs_count(S, L, 2, 1, "read", LUV_FS_DEFAULT);
  double offset = opt_offset(S, L, 3, "read"), timeout = luv__opt_timeout(S, L, 4, 3, "read");
  luv_fs_call c;
  int n;
  luv__check_cancel(S, L);
  if (!d) return luv__fail(L, UV_EBADF);
  if (want > LUV_MAX_STRING) want = LUV_MAX_STRING;
  if (want == 0) {
    lua_pushnumber(L, 0);
    lua_pushliteral(L, "");
    return 2;
  }
  if (offset < 0 && !d->seekable && d->in.len && !(d->active && d->active->f)) return push_kept(S, L, d, want);
  if (!d->wait_only && luv__fs_here(S, L) && (n = read_in_place(S, L, d, want, (int64_t)offset))) return n;
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(file_read);
  c.d = d;
  c.n[0] = (double)want;
  c.n[1] = offset;
  return luv__fs_wait(S, L, &c, timeout);
}

/* ---- writing --------------------------------------------------------------------------- */

/* What is appended goes where the end is then, so the kernel's position tells. */
int luv__write_prepare(luv_fsreq *r) {
  luv_desc *d = r->d;
  d->wrote = 1;
  if (r->done == 0) r->offset = r->n[1] >= 0 ? (int64_t)r->n[1] : d->append ? -1 : position(d);
  r->at = r->offset < 0 ? -1 : r->offset + (int64_t)r->done;
  return 0;
}

static void skip(luv_fsreq *r, size_t n) {
  unsigned i = 0;
  for (; i < r->nbufs && n >= r->bufs[i].len; i++) n -= r->bufs[i].len;
  memmove(r->bufs, r->bufs + i, (r->nbufs - i) * sizeof *r->bufs);
  r->nbufs -= i;
  if (!r->nbufs) return;
  r->bufs[0].base += n;
  r->bufs[0].len -= n;
}

static void moved(luv_desc *d, luv_fsreq *r) {
  luv__desc_unread(d);
  if (r->n[1] >= 0 || !d->seekable || !r->done) return;
  d->pos = d->append ? lseek(d->fd, 0, SEEK_CUR) : r->offset + (int64_t)r->done;
}

/* A write that has begun goes on to its end, whoever waits: what it has written is told. */
int luv__write_more(luv_fsreq *r) {
  if (r->result > 0) {
    r->done += (uint64_t)r->result;
    skip(r, (size_t)r->result);
    if (r->done < r->total && luv__fs_launch(r) == 0) return 1;
  } else if (r->result == 0 && r->total > r->done) r->result = UV_EIO;
  if (r->d) moved(r->d, r);
  return 0;
}

static int64_t write_in_place(luv_state *S, lua_State *L, luv_desc *d, double offset) {
  uv_buf_t buf;
  size_t n;
  int64_t done;
  if (d->wait_write || !d->seekable || lua_type(L, 2) != LUA_TSTRING || !luv__fs_here(S, L)) return UV_EAGAIN;
  if (offset < 0 && (d->append || d->active || !queue_empty(&d->turn))) return UV_EAGAIN;
  buf.base = (char *)lua_tolstring(L, 2, &n);
  buf.len = n;
  if (n > LUV_FS_CHUNK) return UV_EAGAIN;
  done = luv__write_now(d, &buf, 1, offset < 0 ? position(d) : (int64_t)offset);
  if (done < (int64_t)n) return UV_EAGAIN; /* all of it again, in the pool, at the same place */
  luv__desc_unread(d);
  if (offset < 0 && d->seekable) d->pos += done;
  luv__fs_of(S)->here++;
  return done;
}

/* n = file:write(data[, offset][, timeout]) */
int luv_file_write(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_desc *d;
  luv_fs_call c;
  double timeout;
  int64_t done;
  luv__check_file(S, L, 1, 0, "write");
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(file_write);
  c.data = 2;
  c.total = luv__check_data(S, L, 2, 1, "write");
  c.n[1] = opt_offset(S, L, 3, "write");
  timeout = luv__opt_timeout(S, L, 4, 3, "write");
  luv__check_cancel(S, L);
  c.d = d = luv__check_file(S, L, 1, 0, "write");
  if (!d) return luv__fail(L, UV_EBADF);
  done = c.total ? write_in_place(S, L, d, c.n[1]) : 0;
  if (done == UV_EAGAIN) return luv__fs_wait(S, L, &c, timeout);
  lua_pushnumber(L, (lua_Number)done);
  return 1;
}

/* ---- the position, the end ------------------------------------------------------------------ */

static int seek_to(lua_State *L, luv_desc *d, double at) {
  if (!(at >= 0 && at <= LUV_FS_MAX)) return luv__fs_fail_at(L, UV_EINVAL, d->path);
  luv__desc_unread(d);
  d->pos = (int64_t)at;
  lua_pushnumber(L, at);
  return 1;
}

/* position = file:seek([whence = "cur"][, offset = 0][, timeout]) */
int luv_file_seek(lua_State *L) {
  static const char *const names[] = {"set", "cur", "end", NULL};
  luv_state *S = luv_enter(L);
  luv_desc *d = luv__check_file(S, L, 1, 0, "seek");
  double by = 0, timeout = luv__opt_timeout(S, L, 4, 3, "seek");
  luv_fs_call c;
  int64_t size;
  int i = 1;
  if (!lua_isnoneornil(L, 2)) {
    if (lua_type(L, 2) != LUA_TSTRING) return luv__type_error(S, L, 2, 1, "seek", "string");
    for (i = 0; names[i] && strcmp(names[i], lua_tostring(L, 2)) != 0; i++) {}
    if (!names[i]) return luv__arg_error(S, L, 1, "seek", "\"set\", \"cur\" or \"end\" expected");
  }
  if (!lua_isnoneornil(L, 3)) {
    if (lua_type(L, 3) != LUA_TNUMBER) return luv__type_error(S, L, 3, 2, "seek", "number");
    by = lua_tonumber(L, 3);
    if (!(by >= -LUV_FS_MAX && by <= LUV_FS_MAX && by == (double)(int64_t)by))
      return luv__arg_error(S, L, 2, "seek", "a whole number of -2^53 to 2^53 expected");
  }
  luv__check_cancel(S, L);
  if (!d) return luv__fail(L, UV_EBADF);
  if (!d->seekable) return luv__fs_fail_at(L, UV_ESPIPE, d->path);
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(file_seek);
  c.d = d;
  c.n[1] = by;
  if (i == 0) return seek_to(L, d, by);
  if (i == 1) return seek_to(L, d, (double)d->pos + by);
  if (luv__fs_of(S)->in_place && (size = luv__size_now(d)) >= 0) return seek_to(L, d, (double)size + by);
  return luv__fs_wait(S, L, &c, timeout);
}

/* fd = file:fileno(): the kernel's position is set to the file's */
int luv_file_fileno(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_desc *d = luv__check_file(S, L, 1, 0, "fileno");
  if (!d) return luv__fail(L, UV_EBADF);
  if (d->seekable && !d->append) lseek(d->fd, d->pos, SEEK_SET); /* what appends needs none, and may be at it */
  lua_pushinteger(L, d->fd);
  return 1;
}

/* path = file:path(): as it was opened */
int luv_file_path(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_desc *d = luv__check_file(S, L, 1, 0, "path");
  char path[PATH_MAX];
  if (!d) return luv__fail(L, UV_EBADF);
  snprintf(path, sizeof path, "%s", d->path ? d->path : "");
  lua_pushstring(L, path);
  return 1;
}

static int close_at_once(luv_state *S, luv_object *o, luv_desc *d) {
  int fd = d->fd;
  if (d->refs != 1 || !luv__fs_of(S)->in_place || d->wrote || !d->local) return 0;
  d->fd = -1;
  close(fd);
  luv__object_close(o);
  return 1;
}

/* file = file:close([timeout]): it is closed for the script at once, also when the wait for
 * what is still in the pool is given up */
int luv_file_close(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_desc *d = luv__check_file(S, L, 1, 0, "close");
  luv_object *o = d ? luv__tobox(L, 1, luv__class_file.id)->o : NULL;
  double timeout = luv__opt_timeout(S, L, 2, 1, "close");
  luv_fs_call c;
  luv_fsreq *r;
  lua_settop(L, 1);
  if (!d || close_at_once(S, o, d)) return 1;
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(file_close);
  c.d = d;
  r = luv__fsreq_new(S, &c);
  if (!r) return luv__fail(L, UV_ENOMEM);
  d->closer = r;
  luv__object_close(o);
  c.begun = r;
  return luv__fs_wait(S, L, &c, timeout);
}
