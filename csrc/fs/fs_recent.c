/* fs_recent.c - names that a moment ago led to what the kernel has in memory, on this machine.
 *
 * To make sure of that takes two calls more than the question itself (fs_inline.c). A name that is asked for
 * again and again is made sure of 20 times a second; in between it is taken at its word. If it
 * comes to lead elsewhere just then, the loop may wait for that once. */
#include "fs.h"

enum { PLACES = 64, LONGEST = 232, HOLDS = 50000000 /* ns */ };

struct luv_recent { uint64_t until; uint32_t n, mode; char path[LONGEST]; };

/* Where it is: strings are interned, so that one name has one address as long as somebody has it. */
static struct luv_recent *place(luv_fs *fs, const char *path) {
  return &fs->recent[((uintptr_t)path >> 5) % PLACES];
}

void luv__recent_add(luv_state *S, const char *path, size_t n, unsigned mode) {
  luv_fs *fs = luv__fs_of(S);
  struct luv_recent *r;
  if (n > LONGEST) return;
  if (!fs->recent) fs->recent = calloc(PLACES, sizeof *fs->recent);
  if (!fs->recent) return;
  r = place(fs, path);
  r->until = uv_hrtime() + HOLDS;
  r->n = (uint32_t)n;
  r->mode = mode;
  memcpy(r->path, path, n);
}

/* Its mode, or 0: nothing is known. */
unsigned luv__recent(luv_state *S, const char *path, size_t n) {
  luv_fs *fs = luv__fs_of(S);
  const struct luv_recent *r;
  if (!fs->recent) return 0;
  r = place(fs, path);
  return r->n == n && memcmp(r->path, path, n) == 0 && r->until > uv_hrtime() ? r->mode : 0;
}

void luv__recent_forget(luv_state *S, const char *path) {
  luv_fs *fs = luv__fs_of(S);
  if (fs->recent) place(fs, path)->until = 0;
}

/* chdir: all other names may lead elsewhere. */
int luv__recent_forget_all(luv_state *S, lua_State *L, const luv_fs_call *c) {
  luv_fs *fs = luv__fs_of(S);
  (void)L, (void)c;
  free(fs->recent);
  fs->recent = NULL;
  return 0;
}
