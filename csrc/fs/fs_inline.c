/* fs_inline.c - what is done in place, without the pool, whose hand-over costs twenty times
 * the call when the kernel has everything in memory.
 *
 * The one rule: the loop must not block. A read asks with RWF_NOWAIT, a name is looked up
 * with RESOLVE_CACHED; the kernel refuses with EAGAIN what it would have to wait for, and
 * the pool does it then. A name is first opened as a mere path, which wakes no device and no
 * pipe; what has been found must be a plain file of a file system of this machine, since
 * opening or asking for attributes may go over the network elsewhere (fs_mount.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>
#include "bytes.h"
#include "fs.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define CACHED 0x20 /* RESOLVE_CACHED of linux/openat2.h, which may be older */

/* ---- attributes ------------------------------------------------------------------------- */

#define WHAT (STATX_BASIC_STATS | STATX_BTIME)

static void time_of(uv_timespec_t *to, const struct statx_timestamp *t) {
  to->tv_sec = (long)t->tv_sec;
  to->tv_nsec = (long)t->tv_nsec;
}

void luv__stat_of(uv_stat_t *s, const struct statx *x) {
  memset(s, 0, sizeof *s);
  s->st_dev = makedev(x->stx_dev_major, x->stx_dev_minor);
  s->st_rdev = makedev(x->stx_rdev_major, x->stx_rdev_minor);
  s->st_mode = x->stx_mode;
  s->st_nlink = x->stx_nlink;
  s->st_uid = x->stx_uid;
  s->st_gid = x->stx_gid;
  s->st_ino = x->stx_ino;
  s->st_size = x->stx_size;
  s->st_blksize = x->stx_blksize;
  s->st_blocks = x->stx_blocks;
  time_of(&s->st_atim, &x->stx_atime);
  time_of(&s->st_mtim, &x->stx_mtime);
  time_of(&s->st_ctim, &x->stx_ctime);
  time_of(&s->st_birthtim, &x->stx_btime);
}

/* What the kernel has of the attributes, wherever the file is: never asks a server. */
static int attributes(int fd, struct statx *x) {
  return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, WHAT, x);
}

void luv__desc_look(luv_desc *d) {
  struct statx x;
  memset(&x, 0, sizeof x);
  if (attributes(d->fd, &x)) {
    d->seekable = lseek(d->fd, 0, SEEK_CUR) >= 0;
    return;
  }
  d->regular = S_ISREG(x.stx_mode);
  d->seekable = d->regular || S_ISBLK(x.stx_mode);
  d->local = d->regular && luv__is_local(d->S, x.stx_dev_major, x.stx_dev_minor);
}

/* ---- names -------------------------------------------------------------------------------- */

static int no_openat2; /* or without RESOLVE_CACHED, or forbidden: asked once */

/* The name as a mere path, with its attributes: a descriptor, an error, or UV_EAGAIN. */
static int lookup(luv_state *S, const char *path, int flags, struct statx *x) {
  struct { uint64_t flags, mode, resolve; } how = {(uint64_t)(O_PATH | O_CLOEXEC | flags), 0, CACHED};
  int fd;
  if (__atomic_load_n(&no_openat2, __ATOMIC_RELAXED)) return UV_EAGAIN;
  fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  if (fd < 0) {
    if (errno == ENOSYS || errno == EINVAL || errno == E2BIG || errno == EPERM)
      __atomic_store_n(&no_openat2, 1, __ATOMIC_RELAXED);
    return errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP || errno == ENAMETOOLONG
      ? uv_translate_sys_error(errno) : UV_EAGAIN;
  }
  memset(x, 0, sizeof *x);
  if (attributes(fd, x) == 0 && luv__is_local(S, x->stx_dev_major, x->stx_dev_minor)) return fd;
  close(fd);
  return UV_EAGAIN;
}

/* One call where it was three a moment ago. */
static int look_again(luv_state *S, const luv_fs_call *c, int flags, struct statx *x) {
  int follow = flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
  if (!luv__recent(S, c->path[0], c->path_len[0])) return 0;
  memset(x, 0, sizeof *x);
  if (statx(AT_FDCWD, c->path[0], AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC | follow, WHAT, x) == 0 &&
      luv__is_local(S, x->stx_dev_major, x->stx_dev_minor)) return 1;
  luv__recent_forget(S, c->path[0]);
  return 0;
}

static int try_stat(luv_state *S, lua_State *L, const luv_fs_call *c, int flags) {
  struct statx x;
  uv_stat_t s;
  int fd;
  if (!look_again(S, c, flags, &x)) {
    fd = lookup(S, c->path[0], flags, &x);
    if (fd == UV_EAGAIN) return 0;
    if (fd < 0) return luv__fail_about(L, fd, c->path[0], NULL);
    close(fd);
    if (!S_ISLNK(x.stx_mode)) luv__recent_add(S, c->path[0], c->path_len[0], x.stx_mode); /* not where it leads */
  }
  luv__stat_of(&s, &x);
  return luv__push_stat(S, L, &s);
}

int luv__try_stat(luv_state *S, lua_State *L, const luv_fs_call *c) { return try_stat(S, L, c, 0); }
int luv__try_lstat(luv_state *S, lua_State *L, const luv_fs_call *c) { return try_stat(S, L, c, O_NOFOLLOW); }

/* The userdata is made first here: then nothing can come between a descriptor and its owner. */
int luv__try_watch(luv_state *S, lua_State *L, const luv_fs_call *c) {
  struct statx x;
  int fd;
  luv_box *b;
  if (c->n[1]) return 0;
  b = luv__push_box(S, L, luv__class_fs_event.id);
  fd = lookup(S, c->path[0], 0, &x);
  if (fd < 0) lua_pop(L, 1);
  if (fd == UV_EAGAIN) return 0;
  return fd < 0 ? luv__fail_about(L, fd, c->path[0], NULL) : luv__watch_into(S, L, b, fd, c->path[0]);
}

int luv__try_fstat(luv_state *S, lua_State *L, const luv_fs_call *c) {
  struct statx x;
  uv_stat_t s;
  if (!c->d->local || attributes(c->d->fd, &x)) return 0;
  luv__stat_of(&s, &x);
  return luv__push_stat(S, L, &s);
}

/* The size of a plain file of this machine, or -1. lseek(2) would wait for a write(2) that
 * goes on: they share a lock. */
int64_t luv__size_now(luv_desc *d) {
  struct statx x;
  return d->local && attributes(d->fd, &x) == 0 ? (int64_t)x.stx_size : -1;
}

/* A plain file for reading: a descriptor, an error, or UV_EAGAIN. What may create, empty or
 * write one has to wait for the disk now and then. O_NONBLOCK refuses to wait for somebody's
 * lease; it means nothing afterwards. */
static int open_first(luv_state *S, const char *path, size_t n) {
  char name[32];
  struct statx x;
  int fd, at = lookup(S, path, 0, &x);
  if (at < 0) return at;
  if (!S_ISREG(x.stx_mode)) fd = UV_EAGAIN;
  else {
    snprintf(name, sizeof name, "/proc/self/fd/%d", at);
    fd = (int)LUV_RETRY(open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (fd < 0) fd = UV_EAGAIN; /* whatever it is, the pool can tell better */
    else luv__recent_add(S, path, n, x.stx_mode);
  }
  close(at);
  return fd;
}

/* By its name, which led to a plain file a moment ago: a descriptor, or UV_EAGAIN. */
static int open_again(luv_state *S, const char *path) {
  struct { uint64_t flags, mode, resolve; } how = {O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, CACHED};
  struct statx x;
  int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  if (fd >= 0 && attributes(fd, &x) == 0 && S_ISREG(x.stx_mode) && luv__is_local(S, x.stx_dev_major, x.stx_dev_minor))
    return fd;
  if (fd >= 0) close(fd);
  luv__recent_forget(S, path);
  return UV_EAGAIN;
}

static int open_now(luv_state *S, const luv_fs_call *c) {
  const char *path = c->path[0];
  int fd = S_ISREG(luv__recent(S, path, c->path_len[0])) ? open_again(S, path) : UV_EAGAIN;
  if (fd == UV_EAGAIN) fd = open_first(S, path, c->path_len[0]);
  if (fd >= 0) fcntl(fd, F_SETFL, 0);
  return fd;
}

/* What open_now has opened is what it has looked at. */
static luv_desc *plain(luv_state *S, int fd, const char *path) {
  luv_desc *d = luv__desc_new(S, -1, path, 0);
  if (!d) return NULL;
  d->fd = fd;
  d->regular = d->seekable = d->local = 1;
  return d;
}

int luv__try_open(luv_state *S, lua_State *L, const luv_fs_call *c) {
  luv_box *b;
  int fd, err;
  if (c->n[1] != O_RDONLY) return 0;
  b = luv__push_box(S, L, luv__class_file.id);
  fd = open_now(S, c);
  err = fd < 0 ? fd : luv__file_into(S, b, plain(S, fd, c->path[0]));
  if (err && fd >= 0) close(fd);
  if (err) lua_pop(L, 1);
  if (err == UV_EAGAIN) return 0;
  if (err) return luv__fail_about(L, err, c->path[0], NULL);
  if (c->op->result == LUV_FS_LINES) luv__push_lines(S, L);
  return 1;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static char *buffer(luv_fs *fs) {
  if (!fs->buf) fs->buf = malloc(LUV_FS_CHUNK);
  return fs->buf;
}

typedef struct { luv_fs *fs; char *p; } taken;

static void give_back(void *ud) {
  taken *t = ud;
  if (t->fs->buf) free(t->p);
  else t->fs->buf = t->p;
}

/* The buffer is taken out while a string is made of it: a finaliser that reads gets another. */
int luv__push_read(luv_state *S, lua_State *L, int counted, size_t n) {
  taken t = {luv__fs_of(S), luv__fs_of(S)->buf};
  luv_bytes h = {t.p, n, give_back, &t};
  t.fs->buf = NULL;
  return luv__push_bytes(S, L, counted, h);
}

/* Reads until n bytes are there or the file ends; UV_EAGAIN if any of it has to be waited for. */
static int64_t read_all(int fd, char *to, size_t n, int64_t offset) {
  size_t done = 0;
  while (done < n) {
    struct iovec v = {to + done, n - done};
    ssize_t k = LUV_RETRY(preadv2(fd, &v, 1, offset < 0 ? -1 : offset + (int64_t)done, RWF_NOWAIT));
    if (k < 0) return offset < 0 && done ? (int64_t)done : -errno;
    if (k == 0 || offset < 0) return (int64_t)done + k;
    done += (size_t)k;
  }
  return (int64_t)done;
}

/* EPERM: a sandbox forbids what it does not know. */
static int not_told(int64_t err) {
  return err == -EOPNOTSUPP || err == -ENOSYS || err == -EINVAL || err == -EPERM;
}

int64_t luv__read_now(luv_state *S, luv_desc *d, uint64_t n, int64_t offset) {
  int64_t got;
  struct statx x;
  if (n > LUV_FS_CHUNK) {
    if (!d->local || attributes(d->fd, &x) || (int64_t)x.stx_size - offset > LUV_FS_CHUNK) return UV_EAGAIN;
    n = LUV_FS_CHUNK;
  }
  if (!buffer(luv__fs_of(S))) return UV_EAGAIN;
  got = read_all(d->fd, luv__fs_of(S)->buf, (size_t)n, offset);
  if (got >= 0) return got;
  if (not_told(got)) d->wait_only = 1;
  return got == -EAGAIN || not_told(got) ? UV_EAGAIN : uv_translate_sys_error((int)-got);
}

/* Past such a limit a write raises SIGXFSZ, which the pool sees to. */
static int files_are_limited(void) {
  struct rlimit most;
  return getrlimit(RLIMIT_FSIZE, &most) || most.rlim_cur != RLIM_INFINITY;
}

/* All of it, or UV_EAGAIN. Few file systems can say this of writes. */
int64_t luv__write_now(luv_desc *d, const uv_buf_t *bufs, unsigned n, int64_t offset) {
  ssize_t k;
  if (files_are_limited()) return UV_EAGAIN;
  k = pwritev2(d->fd, (const struct iovec *)bufs, (int)n, offset, RWF_NOWAIT);
  if (k >= 0) d->wrote = 1;
  if (k < 0 && not_told(-errno)) d->wait_write = 1;
  return k < 0 ? UV_EAGAIN : k;
}

int luv__try_readfile(luv_state *S, lua_State *L, const luv_fs_call *c) {
  int64_t got = UV_EAGAIN;
  struct statx x;
  int fd = open_now(S, c);
  if (fd == UV_EAGAIN) return 0;
  if (fd < 0) return luv__fail_about(L, fd, c->path[0], NULL);
  if (attributes(fd, &x) == 0 && x.stx_size < LUV_FS_CHUNK && buffer(luv__fs_of(S)))
    got = read_all(fd, luv__fs_of(S)->buf, LUV_FS_CHUNK, 0);
  close(fd);
  if (got < 0 || got == LUV_FS_CHUNK) return 0;
  return luv__push_read(S, L, 0, (size_t)got);
}
