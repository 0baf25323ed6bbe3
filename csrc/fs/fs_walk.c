/* fs_walk.c - the entries of a directory, or of all below it, in batches that a thread of
 * the pool reads. Names are packed into one block: no memory of its own for each, as
 * uv_fs_readdir has. A walk opens what it finds inside its parent and follows no link. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs_walk.h"

#define BATCH 65536 /* bytes */

static int error(void) { return uv_translate_sys_error(errno); }

static int enter(luv_walk *w, int fd, const char *path, size_t len) {
  luv_level *l;
  if (w->depth == w->cap) {
    int cap = w->cap ? 2 * w->cap : 8;
    luv_level *v = realloc(w->levels, (size_t)cap * sizeof *v);
    if (!v) return close(fd), UV_ENOMEM;
    w->levels = v;
    w->cap = cap;
  }
  l = &w->levels[w->depth];
  l->len = len;
  l->path = malloc(len + 1);
  if (!l->path || !(l->dir = fdopendir(fd))) {
    free(l->path);
    close(fd);
    return UV_ENOMEM;
  }
  memcpy(l->path, path, len);
  l->path[len] = 0;
  w->depth++;
  return 0;
}

static void leave(luv_walk *w) {
  luv_level *l = &w->levels[--w->depth];
  closedir(l->dir);
  free(l->path);
}

void luv__walk_free(luv_walk *w) {
  while (w->depth) leave(w);
  free(w->levels);
  free(w->now.p);
  free(w->fill.p);
  free(w);
}

/* Room for an entry whose name has len bytes, at the end; NULL: no memory. */
static char *append(luv_batch *b, size_t len, luv_entry **e) {
  size_t size = (sizeof **e + len + 1 + 7) & ~(size_t)7;
  if (b->cap - b->n < size) {
    size_t cap = b->cap ? 2 * b->cap : BATCH + 8192;
    char *p = realloc(b->p, cap < b->n + size ? b->n + size : cap);
    if (!p) return NULL;
    b->p = p;
    b->cap = cap < b->n + size ? b->n + size : cap;
  }
  *e = (luv_entry *)(void *)(b->p + b->n);
  (*e)->len = (uint32_t)len;
  (*e)->err = 0;
  b->n += size;
  return (char *)(*e + 1);
}

static int type_of(int dir, const struct dirent *e) {
  struct stat s;
  int type = e->d_type;
  if (type == DT_UNKNOWN && fstatat(dir, e->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0)
    type = IFTODT(s.st_mode);
  switch (type) {
    case DT_REG: return UV_DIRENT_FILE;
    case DT_DIR: return UV_DIRENT_DIR;
    case DT_LNK: return UV_DIRENT_LINK;
    case DT_FIFO: return UV_DIRENT_FIFO;
    case DT_SOCK: return UV_DIRENT_SOCKET;
    case DT_CHR: return UV_DIRENT_CHAR;
    case DT_BLK: return UV_DIRENT_BLOCK;
    default: return UV_DIRENT_UNKNOWN;
  }
}

/* The directory goes before what is in it; one that cannot be opened says why. */
static int descend(luv_walk *w, int dir, const char *name, char *path, luv_entry *e) {
  int fd = (int)LUV_RETRY(openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd >= 0) return enter(w, fd, path, e->len);
  if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) e->err = error(); /* else: gone since */
  return 0;
}

static int add(luv_walk *w, luv_batch *b, const struct dirent *d) {
  luv_level *l = &w->levels[w->depth - 1];
  int dir = dirfd(l->dir), slash = l->len && l->path[l->len - 1] != '/';
  size_t n = strlen(d->d_name), prefix = w->recursive ? l->len + (size_t)slash : 0;
  luv_entry *e;
  char *to = append(b, prefix + n, &e);
  if (!to) return UV_ENOMEM;
  if (prefix) memcpy(to, l->path, l->len);
  if (prefix && slash) to[l->len] = '/';
  memcpy(to + prefix, d->d_name, n + 1);
  e->type = type_of(dir, d);
  return w->recursive && e->type == UV_DIRENT_DIR ? descend(w, dir, to + prefix, to, e) : 0;
}

static int dots(const char *s) { return s[0] == '.' && (!s[1] || (s[1] == '.' && !s[2])); }

static void fill(luv_walk *w, luv_batch *b, volatile int *stop) {
  b->n = b->at = 0;
  while (b->n < BATCH && !w->err && !*stop) {
    struct dirent *d;
    if (!w->depth) {
      w->end = 1;
      return;
    }
    errno = 0;
    d = readdir(w->levels[w->depth - 1].dir);
    if (d && !dots(d->d_name)) w->err = add(w, b, d);
    else if (!d && errno && errno != ENOENT) w->err = error();
    else if (!d) leave(w);
  }
}

/* Called for a directory whose request nobody has left. */
void luv__job_fill(luv_fsreq *r) {
  static volatile int go_on;
  fill(r->d->walk, &r->d->walk->fill, &go_on);
}

static void open_walk(luv_fsreq *r, int recursive) {
  luv_walk *w = calloc(1, sizeof *w);
  int fd = (int)LUV_RETRY(open(r->path[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  r->result = fd < 0 ? error() : 0;
  if (fd >= 0 && !w) close(fd);
  if (!w) r->result = UV_ENOMEM;
  else if (fd >= 0) {
    w->recursive = recursive;
    r->walk = w;
    r->result = enter(w, fd, r->path[0], strlen(r->path[0]));
    if (r->result == 0) fill(w, &w->now, &r->stop);
  } else free(w);
}

void luv__job_opendir(luv_fsreq *r) { open_walk(r, 0); }
void luv__job_walk(luv_fsreq *r) { open_walk(r, 1); }
