/* fs_walk.h - what fs_walk.c, on a thread of the pool, and fs_dir.c share. */
#ifndef LUV_FS_WALK_H
#define LUV_FS_WALK_H

#include <dirent.h>
#include "fs.h"

/* Entries one behind the other: luv_entry, the name, a zero. */
typedef struct { char *p; size_t n, cap, at; } luv_batch;
typedef struct { int32_t type, err; uint32_t len; } luv_entry;
typedef struct { DIR *dir; char *path; size_t len; } luv_level;

/* `fill` and the levels are the pool's while a request fills; `now` is the script's. */
struct luv_walk {
  luv_batch now, fill;
  luv_level *levels;
  int depth, cap, recursive;
  int end;             /* there is no more; or `err` */
  int err;
};

#endif
