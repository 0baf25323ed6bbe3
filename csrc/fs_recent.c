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
  struct luv_recent *k;
  if (n > LONGEST) return;
  if (!luv__fs_of(S)->recent) luv__fs_of(S)->recent = calloc(PLACES, sizeof *luv__fs_of(S)->recent);
  if (!luv__fs_of(S)->recent) return;
  k = place(luv__fs_of(S), path);
  k->until = uv_hrtime() + HOLDS;
  k->n = (uint32_t)n;
  k->mode = mode;
  memcpy(k->path, path, n);
}

/* Its mode, or 0: nothing is known. */
unsigned luv__recent(luv_state *S, const char *path, size_t n) {
  const struct luv_recent *k;
  if (!luv__fs_of(S)->recent) return 0;
  k = place(luv__fs_of(S), path);
  return k->n == n && memcmp(k->path, path, n) == 0 && k->until > uv_hrtime() ? k->mode : 0;
}

void luv__recent_forget(luv_state *S, const char *path) {
  if (luv__fs_of(S)->recent) place(luv__fs_of(S), path)->until = 0;
}

/* chdir: all other names may lead elsewhere. */
int luv__recent_forget_all(luv_state *S, lua_State *L, const luv_fs_call *c) {
  (void)L, (void)c;
  free(luv__fs_of(S)->recent);
  luv__fs_of(S)->recent = NULL;
  return 0;
}
