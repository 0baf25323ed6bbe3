/* fs_rmrf.c - rmrf: a tree is removed by descriptors, not by names, so that nobody who
 * exchanges a directory for a link meanwhile can lead it out: a directory is opened inside
 * its parent with O_NOFOLLOW, and what is in it is unlinked there.
 *
 * However deep the tree is, few descriptors are open: of the way down only the last ones
 * are kept; on the way up a parent is opened as "..", and must be the one that was left. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs.h"

#define OPEN_MOST 32

typedef struct { DIR *dir; dev_t dev; ino_t ino; char *name; } level;
typedef struct { level *v; int n, cap; luv_fsreq *r; } tree;

static int error(void) { return uv_translate_sys_error(errno); }
static int gone(void) { return errno == ENOENT ? 0 : error(); }

static void pop(tree *t) {
  level *l = &t->v[--t->n];
  if (l->dir) closedir(l->dir);
  free(l->name);
}

static int add(tree *t, int fd, const char *name) {
  struct stat s;
  level *l;
  if (t->n == t->cap) {
    int cap = t->cap ? 2 * t->cap : 16;
    level *v = realloc(t->v, (size_t)cap * sizeof *v);
    if (!v) return close(fd), UV_ENOMEM;
    t->v = v;
    t->cap = cap;
  }
  l = &t->v[t->n];
  l->name = strdup(name);
  if (!l->name || fstat(fd, &s) || !(l->dir = fdopendir(fd))) {
    free(l->name);
    close(fd);
    return UV_ENOMEM;
  }
  l->dev = s.st_dev;
  l->ino = s.st_ino;
  if (t->n >= OPEN_MOST) {
    closedir(t->v[t->n - OPEN_MOST].dir);
    t->v[t->n - OPEN_MOST].dir = NULL;
  }
  t->n++;
  return 0;
}

/* Opens again the parent that was closed on the way down. */
static int reopen(tree *t, int child) {
  level *l = &t->v[t->n - 2];
  struct stat s;
  int fd;
  if (l->dir) return 0;
  fd = (int)LUV_RETRY(openat(child, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd < 0) return error();
  if (fstat(fd, &s) || s.st_dev != l->dev || s.st_ino != l->ino) return close(fd), UV_ELOOP; /* moved */
  l->dir = fdopendir(fd);
  return l->dir ? 0 : (close(fd), UV_ENOMEM);
}

/* Removes what is not a directory; a directory becomes the next level. */
static int enter_or_unlink(tree *t, int at, const char *name) {
  int fd;
  if (unlinkat(at, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return error();
  fd = (int)LUV_RETRY(openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd < 0) return errno == ENOTDIR || errno == ELOOP ? UV_EPERM : gone();
  return add(t, fd, name);
}

static int leave(tree *t, int top) {
  level *l = &t->v[t->n - 1];
  int err = t->n > 1 ? reopen(t, dirfd(l->dir)) : 0;
  int at = t->n > 1 && !err ? dirfd(t->v[t->n - 2].dir) : top;
  if (!err && unlinkat(at, l->name, AT_REMOVEDIR)) {
    if (errno == ENOTEMPTY || errno == EEXIST) return rewinddir(l->dir), UV_EAGAIN; /* more has come */
    err = gone();
  }
  pop(t);
  return err;
}

static int dots(const char *s) { return s[0] == '.' && (!s[1] || (s[1] == '.' && !s[2])); }

static int remove_tree(tree *t, const char *path) {
  int err = enter_or_unlink(t, AT_FDCWD, path), tries = 0;
  while (!err && t->n) {
    DIR *dir = t->v[t->n - 1].dir;
    struct dirent *e;
    if (t->r->stop) return UV_ECANCELED;
    errno = 0;
    e = readdir(dir);
    if (e && !dots(e->d_name)) err = enter_or_unlink(t, dirfd(dir), e->d_name);
    else if (!e && errno) err = gone();
    else if (!e && (err = leave(t, AT_FDCWD)) == UV_EAGAIN) err = ++tries < 100 ? 0 : UV_ENOTEMPTY;
  }
  return err;
}

static int is_dots(const char *path) {
  const char *slash = strrchr(path, '/');
  return dots(slash ? slash + 1 : path);
}

void luv__job_rmrf(luv_fsreq *r) {
  tree t = {NULL, 0, 0, r};
  char *path = strdup(r->path[0]);
  size_t n = path ? strlen(path) : 0;
  while (n > 1 && path[n - 1] == '/') path[--n] = 0; /* "link/" would be what it points to */
  if (!path) r->result = UV_ENOMEM;
  else if (n == 0) r->result = UV_ENOENT;
  else if (strcmp(path, "/") == 0) r->result = UV_EPERM;
  else if (is_dots(path)) r->result = UV_EINVAL; /* as of rm: it could not be removed itself */
  else r->result = remove_tree(&t, path);
  while (t.n) pop(&t);
  free(t.v);
  free(path);
}
