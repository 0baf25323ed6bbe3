/* fs_watch.h - what fs_event.c, fs_tree.c and fs_scan.c share: watches of inotify.
 *
 * A plain watch has one number of the state's inotify descriptor. A recursive one has a descriptor of
 * its own and a tree: a node for each folder below, by the kernel's number for it. A thread of the
 * pool adds the folders (a scan); so long the descriptor is not read, and what happens meanwhile lies
 * in the kernel's queue. A folder is watched first and listed then, so that nothing in it is missed. */
#ifndef LUV_FS_WATCH_H
#define LUV_FS_WATCH_H

#include <sys/inotify.h>
#include "fs.h"

#define LUV_WATCH_CHANGED (IN_ATTRIB | IN_MODIFY)
#define LUV_WATCH_ASKED (LUV_WATCH_CHANGED | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_MOVED_FROM | IN_MOVED_TO)
#define LUV_WATCH_ROUNDS 16 /* of reading per turn of the loop: somebody else may have something to do */

typedef struct luv_event { struct luv_event *next; uint32_t mask, cookie; char name[]; } luv_event;
typedef struct luv_tree luv_tree;
typedef struct luv_scan luv_scan;

typedef struct {
  luv_object o;
  luv_queue link;
  luv_event *first, **last;
  unsigned count, promised; /* of them, to fibers whose turn is still to come */
  int wd;          /* -1: the kernel watches no more */
  char *path;
  luv_tree *tree;  /* NULL: it is not recursive */
} luv_watch;

/* The event goes to who waits, or into the queue. */
void luv__watch_tell(luv_watch *w, uint32_t mask, uint32_t cookie, const char *name);
/* What is watched has gone. */
void luv__watch_gone(luv_watch *w);
const char *luv__watch_base(const char *path);
luv_watch *luv__watch_new(luv_state *S, const char *path);

/* ---- fs_scan.c: on a thread of the pool -------------------------------------------------- */

/* What a tree and its scan hold together. The root is open only while it is scanned: as long as it
 * is, the kernel does not say that it was removed. */
typedef struct { int refs, in, at; dev_t dev; ino_t ino; char *path; } luv_roots;

enum { LUV_FOUND_FOLDER, LUV_FOUND_ENTRY };
typedef struct { int kind, wd, parent; uint32_t mask; size_t path; } luv_found; /* path: in the text */

struct luv_scan {
  luv_roots *roots;
  luv_tree *tree;    /* NULL: it is closed, or not made yet */
  luv_found *found;
  size_t n, cap;
  char *text;        /* paths below the root, each with its zero */
  size_t used, room;
  size_t next;       /* of `found`: the next folder that is still to be entered */
  int first;         /* there is no watch yet: an error is told */
  int whole;         /* all of the tree, to be compared with what is known */
  int incomplete;    /* something may have been missed */
  int err;
};

luv_scan *luv__scan_new(luv_roots *roots);
/* A folder to enter: its path, and the number of the one it is in, -1 for the root. */
int luv__scan_add(luv_scan *s, int kind, const char *path, size_t len, const char *name, int parent, uint32_t mask);
void luv__roots_drop(luv_roots *r);

/* ---- fs_tree.c: on the loop's ------------------------------------------------------------ */

int luv__tree_new(luv_watch *w, luv_scan *s);
void luv__tree_close(luv_watch *w);

#endif
