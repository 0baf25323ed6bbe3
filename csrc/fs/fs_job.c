/* fs_job.c - helpers of several calls, done on one thread of the pool in one go: one
 * hand-over instead of one for each call. They touch nothing but their request. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs.h"

static int error(void) { return uv_translate_sys_error(errno); }

/* ---- what is made for somebody ----------------------------------------------------------- */

/* Nobody waits any more, the state may even have gone: it is undone here, where closing may
 * take its time. What is given up a moment later is undone by fs_req.c. */
static int64_t made(luv_fsreq *r, int64_t n) {
  if (n < 0) return error();
  r->result = n;
  if (!r->stop) return n;
  luv__job_undo(r);
  return UV_ECANCELED;
}

void luv__job_open(luv_fsreq *r) {
  mode_t perm = r->n[2] < 0 ? 0644 : (mode_t)r->n[2];
  r->result = made(r, (int)LUV_RETRY(open(r->path[0], (int)r->n[1] | O_CLOEXEC, perm)));
}

/* The name is looked up, and nothing is opened; of a recursive watch all below is watched. */
void luv__job_look(luv_fsreq *r) {
  int below = r->n[1] != 0, err;
  r->result = made(r, (int)LUV_RETRY(open(r->path[0], O_PATH | O_CLOEXEC | (below ? O_DIRECTORY : 0))));
  if (r->result < 0 || !below) return;
  err = luv__scan_first(r);
  if (!err) return;
  close((int)r->result);
  r->result = err;
}

void luv__job_mkstemp(luv_fsreq *r) { r->result = made(r, mkostemp(r->path[0], O_CLOEXEC)); }
void luv__job_mkdtemp(luv_fsreq *r) { r->result = made(r, mkdtemp(r->path[0]) ? 0 : -1); }

void luv__job_undo(luv_fsreq *r) {
  int result = r->op->result;
  if (result == LUV_FS_SELF) {
    luv__job_lock(r);
    return;
  }
  if (result == LUV_FS_TEMP_DIR) rmdir(r->path[0]);
  else close((int)r->result);
  if (result == LUV_FS_TEMP_FILE) unlink(r->path[0]);
}

void luv__job_chdir(luv_fsreq *r) { r->result = chdir(r->path[0]) ? error() : 0; }

/* ---- reading ------------------------------------------------------------------------------ */

/* A piece of a plain file is all there is of it, also where a call brings less than it was asked
 * for; of a pipe, what there is. libuv's own read ends with EINTR. */
void luv__job_read(luv_fsreq *r) {
  size_t done = 0;
  ssize_t n;
  do {
    if (r->at < 0) n = LUV_RETRY(read(r->d->fd, r->one.base, r->one.len));
    else n = LUV_RETRY(pread(r->d->fd, r->one.base + done, r->one.len - done, r->at + (off_t)done));
    if (n > 0) done += (size_t)n;
  } while (n > 0 && r->at >= 0 && done < r->one.len);
  r->result = n < 0 && !done ? error() : (int64_t)done;
}

/* ---- readfile ------------------------------------------------------------------------- */

static int grow(luv_fsreq *r, size_t cap) {
  char *p = realloc(r->buf, cap);
  if (!p) return UV_ENOMEM;
  r->buf = p;
  r->cap = cap;
  return 0;
}

/* One byte more than there seems to be: the read after the last finds the end. */
static int64_t read_whole(luv_fsreq *r, int fd) {
  struct stat s;
  ssize_t n;
  if (fstat(fd, &s)) return error();
  if (S_ISDIR(s.st_mode)) return UV_EISDIR;
  if (S_ISREG(s.st_mode) && (uint64_t)s.st_size > LUV_MAX_STRING) return UV_EFBIG;
  if (grow(r, S_ISREG(s.st_mode) && s.st_size > 0 ? (size_t)s.st_size + 1 : 4096)) return UV_ENOMEM;
  while (!r->stop) {
    if (r->done == r->cap && grow(r, r->cap * 2)) return UV_ENOMEM;
    n = read(fd, r->buf + r->done, r->cap - r->done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error();
    if (n == 0) return (int64_t)r->done;
    r->done += (uint64_t)n;
    if (r->done > LUV_MAX_STRING) return UV_EFBIG;
  }
  return UV_ECANCELED;
}

void luv__job_readfile(luv_fsreq *r) {
  int fd = (int)LUV_RETRY(open(r->path[0], O_RDONLY | O_CLOEXEC));
  if (fd < 0) {
    r->result = error();
    return;
  }
  r->result = read_whole(r, fd);
  close(fd);
}

/* ---- mkdirp ------------------------------------------------------------------------------ */

/* A directory that is there is as good as one made. */
static int make(const char *path, unsigned perm) {
  struct stat s;
  int err;
  if (mkdir(path, perm) == 0) return 0;
  err = error();
  if (err != UV_EEXIST && err != UV_EISDIR && err != UV_EROFS && err != UV_EACCES) return err;
  if (stat(path, &s)) return err;
  return S_ISDIR(s.st_mode) ? 0 : err == UV_EEXIST ? UV_ENOTDIR : err;
}

/* From the end back to what is there, then forward again: the parents of most exist. */
void luv__job_mkdirp(luv_fsreq *r) {
  char *path = strdup(r->path[0]), *end, *p;
  unsigned perm = r->n[1] < 0 ? 0777 : (unsigned)r->n[1];
  int err;
  if (!path) {
    r->result = UV_ENOMEM;
    return;
  }
  end = path + strlen(path);
  while (end > path + 1 && end[-1] == '/') *--end = 0;
  for (p = end; (err = make(path, perm)) == UV_ENOENT; *p = 0) {
    while (p > path && *p != '/') p--;
    while (p > path && p[-1] == '/') p--;
    if (p == path) break;
  }
  while (err == 0 && p < end) {
    for (*p = '/'; p < end && *p; p++) {}
    err = make(path, perm);
  }
  free(path);
  r->result = err;
}

/* ---- writefile ----------------------------------------------------------------------------- */

static int write_all(luv_fsreq *r, int fd) {
  unsigned i;
  int err = 0;
  for (i = 0; !err && i < r->nbufs; i++) err = luv__write_fully(fd, r->bufs[i].base, r->bufs[i].len, &r->done);
  return err;
}

static int closed(int fd, int err) { return close(fd) && !err && errno != EINTR ? error() : err; }

static int write_plain(luv_fsreq *r) {
  mode_t perm = r->n[1] < 0 ? 0644 : (mode_t)r->n[1];
  int fd = (int)LUV_RETRY(open(r->path[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, perm));
  return fd < 0 ? error() : closed(fd, write_all(r, fd));
}

/* What is at `path` now: its mode and owner are the new file's. umask counts for a new one. */
static int like(luv_fsreq *r, const char *path, int fd) {
  struct stat s;
  mode_t mode = r->n[1] < 0 ? 0644 : (mode_t)r->n[1];
  if (stat(path, &s) == 0) {
    if (S_ISDIR(s.st_mode)) return UV_EISDIR;
    if (!S_ISREG(s.st_mode)) return UV_EINVAL; /* a device, a pipe or a socket stays one */
    if (fchown(fd, s.st_uid, s.st_gid)) {} /* as far as we may */
    if (r->n[1] < 0) mode = s.st_mode & 07777;
  } else {
    mode_t mask = 022; /* umask(2) could not be asked without setting it for all threads */
    FILE *f = fopen("/proc/self/status", "re");
    char line[128];
    while (f && fgets(line, sizeof line, f))
      if (sscanf(line, "Umask: %o", &mask) == 1) break;
    if (f) fclose(f);
    mode &= ~mask;
  }
  return fchmod(fd, mode) ? error() : 0;
}

/* Makes the rename last: the directory is on the disk, too. */
static int sync_folder(const char *path) {
  char *dir = strdup(path), *slash;
  int fd, err = 0;
  if (!dir) return UV_ENOMEM;
  slash = strrchr(dir, '/');
  if (slash) slash[slash == dir] = 0;
  fd = (int)LUV_RETRY(open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  free(dir);
  if (fd < 0) return 0; /* a folder that may be written, not read */
  if ((int)LUV_RETRY(fsync(fd)) && errno != EINVAL) err = error();
  return closed(fd, err);
}

static int write_temp(luv_fsreq *r, const char *path, char *temp) {
  int fd = mkostemp(temp, O_CLOEXEC), err;
  if (fd < 0) return error();
  err = like(r, path, fd);
  if (!err) err = write_all(r, fd);
  if (!err && (int)LUV_RETRY(fsync(fd))) err = error();
  err = closed(fd, err);
  if (!err && rename(temp, path)) err = error();
  if (err) unlink(temp);
  return err ? err : sync_folder(path);
}

/* What the link at path points to, as a name of its own; NULL: it is no link, or errno. */
static char *follow(const char *path) {
  char to[PATH_MAX + 1], *name;
  const char *slash = strrchr(path, '/');
  size_t dir = slash ? (size_t)(slash + 1 - path) : 0;
  ssize_t n = readlink(path, to, PATH_MAX);
  if (n < 0) return NULL;
  to[n] = 0;
  if (to[0] == '/') dir = 0;
  name = malloc(dir + (size_t)n + 1);
  if (!name) return NULL;
  memcpy(name, path, dir);
  strcpy(name + dir, to);
  return name;
}

/* The name behind all links, also where nothing is yet. */
static int resolve(char **path) {
  int left = 40; /* as the kernel */
  char *next;
  while ((next = follow(*path)) && left--) {
    free(*path);
    *path = next;
  }
  free(next);
  if (next) return UV_ELOOP;
  return errno == EINVAL || errno == ENOENT ? 0 : error(); /* no link, or nothing */
}

/* A link stays one: the file that it points to is replaced, or made. */
static int write_atomic(luv_fsreq *r) {
  char *path = strdup(r->path[0]), *temp;
  int err = path ? resolve(&path) : UV_ENOMEM;
  temp = err ? NULL : malloc(strlen(path) + 8);
  if (!err && !temp) err = UV_ENOMEM;
  if (temp) {
    sprintf(temp, "%s.XXXXXX", path);
    err = write_temp(r, path, temp);
    if (err) r->done = 0; /* of the file that readers see */
  }
  free(temp);
  free(path);
  return err;
}

void luv__job_writefile(luv_fsreq *r) { r->result = r->n[2] ? write_atomic(r) : write_plain(r); }
