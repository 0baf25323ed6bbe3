/* fs_statx.c - luv.fs.statx: what stat has no room for, and only what the file system really has. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "fs.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000 /* newer than some headers; the field is in a spare one then */
#endif

static const struct { const char *name; uint64_t bit; } attributes[] = {
  {"compressed", 0x4}, {"immutable", 0x10}, {"append", 0x20}, {"nodump", 0x40}, {"encrypted", 0x800},
  {"automount", 0x1000}, {"mount_root", 0x2000}, {"verity", 0x100000}, {"dax", 0x200000}};

void luv__job_statx(luv_fsreq *r) {
  struct statx *x = calloc(1, sizeof *x);
  unsigned want = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID;
  r->buf = (char *)x;
  r->result = !x ? UV_ENOMEM : statx(AT_FDCWD, r->path[0], r->n[1] ? AT_SYMLINK_NOFOLLOW : 0, want, x)
    ? uv_translate_sys_error(errno) : 0;
}

static void without(lua_State *W, const char *name) {
  lua_pushnil(W);
  lua_setfield(W, -2, name);
}

/* Those that the file system knows: true or false. */
static void push_attributes(lua_State *W, const struct statx *x) {
  size_t i;
  lua_createtable(W, 0, 4);
  for (i = 0; i < sizeof attributes / sizeof *attributes; i++) {
    if (!(x->stx_attributes_mask & attributes[i].bit)) continue;
    lua_pushboolean(W, (x->stx_attributes & attributes[i].bit) != 0);
    lua_setfield(W, -2, attributes[i].name);
  }
}

int luv__push_statx(luv_fsreq *r, lua_State *W) {
  const struct statx *x = (const struct statx *)(const void *)r->buf;
  uv_stat_t s;
  luv__stat_of(&s, x);
  luv__push_stat(r->S, W, &s);
  if (!(x->stx_mask & STATX_BTIME)) without(W, "birthtime"), without(W, "birthtime_ns");
  without(W, "flags"); /* these are libuv's, and always 0 */
  without(W, "gen");
  push_attributes(W, x);
  lua_setfield(W, -2, "attributes");
  if (!(x->stx_mask & STATX_MNT_ID)) return 1;
  lua_pushnumber(W, (lua_Number)*(const uint64_t *)((const char *)x + 0x90));
  lua_setfield(W, -2, "mount_id");
  return 1;
}
