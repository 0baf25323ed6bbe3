/* fs_mount.c - which file systems are of this machine: only there may the loop's thread ask.
 *
 * /proc/self/mountinfo tells without a touch of them, but does not name all: in a chroot the
 * root's is missing. What it does not name is asked of the file system itself by statfs(2), which
 * may take as long as a dead server likes. So a thread of the pool asks, after the call that has met
 * it; until then all goes to the pool. An answer holds for a second: device numbers are used again. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "fs.h"

#define STALE 1000000000 /* ns */

static const struct { const char *name; uint32_t magic; } local[] = {
  {"ext2", 0xef53}, {"ext3", 0xef53}, {"ext4", 0xef53}, {"xfs", 0x58465342}, {"btrfs", 0x9123683e},
  {"f2fs", 0xf2f52010}, {"tmpfs", 0x01021994}, {"ramfs", 0x858458f6}, {"overlay", 0x794c7630},
  {"zfs", 0x2fc12fc1}};
#define TYPES (sizeof local / sizeof *local)

static int named_local(const char *type) {
  size_t i;
  for (i = 0; i < TYPES; i++)
    if (strcmp(type, local[i].name) == 0) return 1;
  return 0;
}

static int is_local(uint32_t magic) {
  size_t i;
  for (i = 0; i < TYPES; i++)
    if (magic == local[i].magic) return 1;
  return 0;
}

static luv_mount *find(luv_fs *fs, unsigned major, unsigned minor) {
  int i;
  for (i = 0; i < fs->nmounts; i++)
    if (fs->mounts[i].major == major && fs->mounts[i].minor == minor) return &fs->mounts[i];
  return NULL;
}

static void add(luv_fs *fs, const luv_mount *m) {
  luv_mount *v = find(fs, m->major, m->minor);
  if (v) {
    *v = *m;
    return;
  }
  v = realloc(fs->mounts, (size_t)(fs->nmounts + 1) * sizeof *v);
  if (!v) return;
  fs->mounts = v;
  v[fs->nmounts++] = *m;
}

/* ---- the list of mounts ------------------------------------------------------------------- */

static void add_line(luv_fs *fs, const char *line) {
  luv_mount m = {0, 0, 0, 0};
  char type[32];
  const char *dash = strstr(line, " - ");
  if (!dash || sscanf(line, "%*d %*d %u:%u", &m.major, &m.minor) != 2 || sscanf(dash, " - %31s", type) != 1) return;
  m.local = named_local(type);
  add(fs, &m);
}

/* What was asked stays as long as it holds. */
static void drop_old(luv_fs *fs, uint64_t now) {
  int i, n = 0;
  for (i = 0; i < fs->nmounts; i++)
    if (fs->mounts[i].until > now) fs->mounts[n++] = fs->mounts[i];
  fs->nmounts = n;
}

static void look_at_list(luv_fs *fs, uint64_t now) {
  char *line = NULL;
  size_t cap = 0;
  FILE *f = fopen("/proc/self/mountinfo", "re");
  fs->looked = now;
  drop_old(fs, now);
  if (!f) return;
  while (getline(&line, &cap, f) > 0) add_line(fs, line);
  free(line);
  fclose(f);
}

int luv__is_local(luv_state *S, unsigned major, unsigned minor) {
  luv_fs *fs = luv__fs(S);
  luv_mount *m;
  if (!fs) return 0;
  if (!fs->looked || S->now > fs->looked + STALE) look_at_list(fs, uv_hrtime());
  m = find(fs, major, minor);
  if (m && (!m->until || m->until > S->now)) return m->local;
  fs->unknown = 1;
  return 0;
}

/* ---- the file system itself ----------------------------------------------------------------- */

void luv__mount_ask(luv_fsreq *r) {
  int fd = r->path[0] ? (int)LUV_RETRY(open(r->path[0], O_PATH | O_CLOEXEC)) : r->d ? r->d->fd : -1;
  struct stat s;
  struct statfs t;
  r->asks = 0;
  if (fd >= 0 && fstat(fd, &s) == 0 && fstatfs(fd, &t) == 0) {
    r->found.major = major(s.st_dev);
    r->found.minor = minor(s.st_dev);
    r->found.local = is_local((uint32_t)t.f_type);
    r->found.until = uv_hrtime() + STALE;
  }
  if (fd >= 0 && r->path[0]) close(fd);
}

void luv__mount_learn(luv_fsreq *r) {
  if (r->found.until) add(luv__fs_of(r->S), &r->found);
  r->found.until = 0;
}
