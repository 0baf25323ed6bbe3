/* fs_copy.c - copyfile: a file of its own, on a thread of the pool.
 *
 * Not uv_fs_copyfile, which copies as many bytes as the size says: none of a file of /proc,
 * whose size is 0, and it never ends when a file is shorter than its size, as in /sys, or is
 * cut meanwhile. Here the end is where read(2) says. The kernel is asked to move the bytes by
 * itself as long as it does; what it refuses, or takes for the end, is asked of the next way. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "fs.h"

#define PIECE (8u << 20) /* it can be given up after so many bytes */

static int error(void) { return uv_translate_sys_error(errno); }

int luv__write_fully(int fd, const char *p, size_t n, uint64_t *done) {
  while (n) {
    ssize_t k = write(fd, p, n);
    if (k < 0 && errno == EINTR) continue;
    if (k <= 0) return k < 0 ? error() : UV_EIO;
    p += k;
    n -= (size_t)k;
    if (done) *done += (uint64_t)k;
  }
  return 0;
}

/* Bytes that went, 0 at the end, an error. */
static int64_t by_hand(int in, int out) {
  char buf[65536];
  ssize_t n;
  int err;
  do n = read(in, buf, sizeof buf);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return n < 0 ? error() : 0;
  err = luv__write_fully(out, buf, (size_t)n, NULL);
  return err ? err : n;
}

static int64_t piece(int in, int out, int *way) {
  ssize_t n = 0;
  if (*way == 0 && (n = copy_file_range(in, NULL, out, NULL, PIECE, 0)) <= 0) *way = 1;
  if (*way == 1 && (n = sendfile(out, in, NULL, PIECE)) <= 0) *way = 2;
  return *way == 2 ? by_hand(in, out) : n;
}

static int copy_bytes(luv_fsreq *r, int in, int out) {
  int way = 0;
  int64_t n = 1;
  while (n > 0 && !r->stop) n = piece(in, out, &way);
  return n > 0 ? UV_ECANCELED : (int)n;
}

/* There everybody may be refused to change permissions. */
static int of_windows(int fd) {
  struct statfs s;
  if (fstatfs(fd, &s)) return 0;
  return (uint32_t)s.f_type == 0xFF534D42u || (uint32_t)s.f_type == 0xFE534D42u || s.f_type == 0x517B;
}

/* A device or a pipe is written to, and stays as it is. */
static int empty_it(int out, const struct stat *from) {
  if (ftruncate(out, 0)) return error();
  if (fchmod(out, from->st_mode & 07777) == 0 || (errno == EPERM && of_windows(out))) return 0;
  return error();
}

static int fill(luv_fsreq *r, int in, int out, const struct stat *from, int regular) {
  int flags = (int)r->n[2], err = regular ? empty_it(out, from) : 0;
  if (err) return err;
  if (flags & (UV_FS_COPYFILE_FICLONE | UV_FS_COPYFILE_FICLONE_FORCE)) {
    if (ioctl(out, FICLONE, in) == 0) return 0;
    if (flags & UV_FS_COPYFILE_FICLONE_FORCE) return error();
  }
  return copy_bytes(r, in, out);
}

/* Half a copy is none; but what is called so meanwhile may be another file, or a link to this one. */
static void remove_half(const char *path, const struct stat *to) {
  struct stat now;
  if (S_ISREG(to->st_mode) && lstat(path, &now) == 0 && now.st_ino == to->st_ino && now.st_dev == to->st_dev)
    unlink(path);
}

static int copy_to(luv_fsreq *r, int in, const struct stat *from) {
  int excl = (int)r->n[2] & UV_FS_COPYFILE_EXCL ? O_EXCL : 0, err = 0;
  int out = (int)LUV_RETRY(open(r->path[1], O_WRONLY | O_CREAT | O_CLOEXEC | excl, from->st_mode & 07777));
  struct stat to;
  if (out < 0) return error();
  if (fstat(out, &to)) err = error();
  else if (from->st_dev != to.st_dev || from->st_ino != to.st_ino) {
    err = fill(r, in, out, from, S_ISREG(to.st_mode));
    if (err) remove_half(r->path[1], &to);
  }
  return close(out) && !err && errno != EINTR ? error() : err;
}

void luv__job_copyfile(luv_fsreq *r) {
  int in = (int)LUV_RETRY(open(r->path[0], O_RDONLY | O_CLOEXEC));
  struct stat from;
  r->result = in < 0 || fstat(in, &from) ? error() : S_ISDIR(from.st_mode) ? UV_EISDIR : copy_to(r, in, &from);
  if (in >= 0) close(in);
}
