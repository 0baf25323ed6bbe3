/* fs_scan.c - watches folders and what is below them, on a thread of the pool: see fs_watch.h.
 * Links are not followed. What is gone when its turn comes has been moved or removed, of which the
 * events tell. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs_watch.h"

void luv__roots_drop(luv_roots *r) {
  if (!r || --r->refs) return;
  if (r->in >= 0) close(r->in);
  free(r->path);
  free(r);
}

luv_scan *luv__scan_new(luv_roots *roots) {
  luv_scan *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->roots = roots;
  roots->refs++;
  return s;
}

void luv__scan_free(luv_scan *s) {
  luv__roots_drop(s->roots);
  free(s->found);
  free(s->text);
  free(s);
}

static int grow(void **p, size_t *cap, size_t want, size_t size) {
  size_t n = *cap ? *cap * 2 : 64;
  void *q;
  if (want <= *cap) return 0;
  if (n < want) n = want;
  q = realloc(*p, n * size);
  if (!q) return UV_ENOMEM;
  *p = q;
  *cap = n;
  return 0;
}

int luv__scan_add(luv_scan *s, int kind, const char *path, size_t len, const char *name, int parent, uint32_t mask) {
  size_t more = strlen(name);
  luv_found f = {kind, -1, parent, mask, s->used};
  if (grow((void **)&s->text, &s->room, s->used + len + more + 2, 1)) return UV_ENOMEM;
  if (grow((void **)&s->found, &s->cap, s->n + 1, sizeof *s->found)) return UV_ENOMEM;
  memcpy(s->text + s->used, path, len);
  s->used += len;
  if (len && more) s->text[s->used++] = '/';
  memcpy(s->text + s->used, name, more + 1);
  s->used += more + 1;
  s->found[s->n++] = f;
  return 0;
}

/* What the folder holds: folders to enter, and what is to be told. `path` moves as text grows. */
static int list(luv_scan *s, DIR *d, size_t i) {
  struct dirent *e;
  while ((e = readdir(d))) {
    const char *path = s->text + s->found[i].path;
    size_t len = strlen(path), at = s->found[i].path;
    int folder = e->d_type == DT_DIR, wd = s->found[i].wd;
    struct stat st;
    char *copy;
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    if (e->d_type == DT_UNKNOWN)
      folder = fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    if (!folder && s->whole) continue;
    if (!(copy = strdup(s->text + at))) return UV_ENOMEM;
    if (!s->whole && luv__scan_add(s, LUV_FOUND_ENTRY, copy, len, e->d_name, wd, folder ? IN_ISDIR : 0)) return free(copy), UV_ENOMEM;
    if (folder && luv__scan_add(s, LUV_FOUND_FOLDER, copy, len, e->d_name, wd, 0)) return free(copy), UV_ENOMEM;
    free(copy);
  }
  return 0;
}

/* 0: it is watched, or is not there, or may not be read. */
static int enter(luv_scan *s, size_t i) {
  const char *path = s->text + s->found[i].path;
  int fd = (int)LUV_RETRY(openat(s->roots->at, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)), err;
  char name[32];
  DIR *d;
  if (fd < 0) {
    err = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES ? 0 : uv_translate_sys_error(errno);
    return i || !errno ? err : uv_translate_sys_error(errno); /* of the root all is told */
  }
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  s->found[i].wd = inotify_add_watch(s->roots->in, name, LUV_WATCH_ASKED | IN_ONLYDIR);
  err = s->found[i].wd < 0 ? uv_translate_sys_error(errno) : 0;
  d = err ? NULL : fdopendir(fd);
  if (!d) {
    close(fd);
    return err ? err : UV_ENOMEM;
  }
  err = list(s, d, i);
  closedir(d);
  return err;
}

/* The same folder as before: it may have been moved. */
static int open_root(luv_roots *r) {
  struct stat st;
  r->at = (int)LUV_RETRY(open(r->path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (r->at < 0) return uv_translate_sys_error(errno);
  if (fstat(r->at, &st) == 0 && st.st_dev == r->dev && st.st_ino == r->ino) return 0;
  close(r->at);
  return UV_ENOENT;
}

static void scan(luv_scan *s, luv_fsreq *r) {
  for (; s->next < s->n && !r->stop; s->next++) {
    int err = s->found[s->next].kind == LUV_FOUND_FOLDER ? enter(s, s->next) : 0;
    if (!err) continue;
    s->incomplete = 1;
    s->err = err;
    if (s->first) break;
  }
}

void luv__job_scan(luv_fsreq *r) {
  luv_scan *s = r->scan;
  s->err = open_root(s->roots);
  s->incomplete = s->err != 0;
  if (s->err) return;
  scan(s, r);
  close(s->roots->at);
}

static luv_roots *roots_new(const char *path) {
  luv_roots *r = calloc(1, sizeof *r);
  struct stat st;
  if (!r) return NULL;
  r->refs = 1;
  r->in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  r->path = r->in < 0 ? NULL : realpath(path, NULL);
  if (r->path && stat(r->path, &st) == 0) return r->dev = st.st_dev, r->ino = st.st_ino, r;
  luv__roots_drop(r);
  return NULL;
}

/* Of fs_watch. An error, or 0. */
int luv__scan_first(luv_fsreq *r) {
  luv_roots *roots = roots_new(r->path[0]);
  if (!roots) return uv_translate_sys_error(errno ? errno : ENOMEM);
  r->scan = luv__scan_new(roots);
  luv__roots_drop(roots); /* the scan has it */
  if (!r->scan) return UV_ENOMEM;
  r->scan->whole = r->scan->first = 1;
  if (luv__scan_add(r->scan, LUV_FOUND_FOLDER, "", 0, "", -1, 0)) return UV_ENOMEM;
  luv__job_scan(r);
  return r->scan->err;
}
