/* fs_tree.c - the folders of a recursive watch, and what the kernel says of them: see fs_watch.h.
 *
 *   1. A node is found by the kernel's number, its path by its parents. A folder that is moved within the
 *      tree keeps its node and all below it: it is cut off by the first of two events with one
 *      cookie, and put elsewhere by the second. Without a second one it has left the tree.
 *   2. A folder that is made, or comes from elsewhere, is scanned, and what is in it already is told as
 *      created. So is one that was moved, since a scan may have looked for it at its old place; of
 *      what was known before nothing is told again.
 *   3. When the kernel's queue has run over that is told, and all is scanned. */
#include <errno.h>
#include <unistd.h>
#include "fs_watch.h"

typedef struct node {
  struct node *chain, *parent, *child, *sibling;
  int wd;
  uint32_t scan;       /* the last that has found it */
  uint32_t since;      /* the first */
  char name[];
} node;

typedef struct { uv_poll_t poll; luv_roots *roots; luv_watch *w; } ear; /* w NULL: closed */

struct luv_tree {
  luv_watch *w;
  luv_roots *roots;
  ear *ear;
  node **buckets, *root, *moving;
  size_t nbuckets, n;
  uint32_t cookie, scans;
  luv_scan *todo, *scanning;
};

/* ---- nodes ---------------------------------------------------------------------------------- */

static node **bucket(luv_tree *t, int wd) { return &t->buckets[(unsigned)wd & (t->nbuckets - 1)]; }

static node *find(luv_tree *t, int wd) {
  node *x = t->nbuckets ? *bucket(t, wd) : NULL;
  while (x && x->wd != wd) x = x->chain;
  return x;
}

static int more_buckets(luv_tree *t) {
  size_t i, old = t->nbuckets, n = old ? old * 2 : 64;
  node **from = t->buckets, *x;
  if (t->n < old) return 0;
  t->buckets = calloc(n, sizeof *t->buckets);
  if (!t->buckets) return t->buckets = from, UV_ENOMEM;
  t->nbuckets = n;
  for (i = 0; i < old; i++)
    while ((x = from[i])) {
      from[i] = x->chain;
      x->chain = *bucket(t, x->wd);
      *bucket(t, x->wd) = x;
    }
  free(from);
  return 0;
}

static void attach(node *parent, node *x) {
  x->parent = parent;
  if (!parent) return;
  x->sibling = parent->child;
  parent->child = x;
}

static void detach(node *x) {
  node **p = x->parent ? &x->parent->child : NULL;
  if (!p) return;
  while (*p != x) p = &(*p)->sibling;
  *p = x->sibling;
  x->parent = x->sibling = NULL;
}

static node *add(luv_tree *t, int wd, node *parent, const char *name) {
  node *x = more_buckets(t) ? NULL : malloc(sizeof *x + strlen(name) + 1);
  if (!x) return NULL;
  memset(x, 0, sizeof *x);
  strcpy(x->name, name);
  x->wd = wd;
  x->since = t->scans;
  x->chain = *bucket(t, wd);
  *bucket(t, wd) = x;
  t->n++;
  attach(parent, x);
  return x;
}

/* Its children are nobody's then. */
static void discard(luv_tree *t, node *x) {
  node **p = bucket(t, x->wd);
  while (*p != x) p = &(*p)->chain;
  *p = x->chain;
  t->n--;
  while (x->child) detach(x->child);
  detach(x);
  if (x == t->root) t->root = NULL;
  if (x == t->moving) t->moving = NULL;
  free(x);
}

/* x under another name or parent. */
static node *move(luv_tree *t, node *x, node *parent, const char *name) {
  node *y;
  detach(x);
  if (strcmp(x->name, name) == 0) return attach(parent, x), x;
  y = add(t, x->wd, parent, name);
  if (!y) return NULL;
  y->since = x->since;
  y->scan = x->scan;
  while (x->child) {
    node *c = x->child;
    detach(c);
    attach(y, c);
  }
  if (x == t->moving) t->moving = NULL;
  discard(t, x); /* the second of that number in its chain */
  return y;
}

/* It has left the tree, with all below it. */
static void leave(luv_tree *t, node *x) {
  while (x->child) leave(t, x->child);
  inotify_rm_watch(t->roots->in, x->wd);
  discard(t, x);
}

/* The path of `name` in x, below the root; NULL: x is not in the tree, or no memory. */
static char *path_of(luv_tree *t, const node *x, const char *name) {
  size_t n = strlen(name) + 1;
  const node *y;
  char *path, *p;
  for (y = x; y && y != t->root; y = y->parent) n += strlen(y->name) + 1;
  if (!y || !(path = malloc(n))) return NULL;
  p = path + n - strlen(name) - 1;
  strcpy(p, name);
  for (y = x; y != t->root; y = y->parent) {
    size_t k = strlen(y->name);
    if (*p) *--p = '/';
    p -= k;
    memcpy(p, y->name, k);
  }
  if (p != path) memmove(path, p, strlen(p) + 1);
  return path;
}

/* ---- scans ----------------------------------------------------------------------------------- */

static luv_scan *todo(luv_tree *t) {
  if (!t->todo) t->todo = luv__scan_new(t->roots);
  return t->todo;
}

static void lost(luv_tree *t) { luv__watch_tell(t->w, IN_Q_OVERFLOW, 0, ""); }

static void scan_later(luv_tree *t, node *parent, const char *name) {
  if (t->todo && t->todo->whole) return;
  if (!todo(t) || luv__scan_add(t->todo, LUV_FOUND_FOLDER, "", 0, name, parent->wd, 0)) lost(t);
}

static void scan_all(luv_tree *t) {
  if (t->todo) luv__scan_free(t->todo);
  t->todo = NULL;
  if (todo(t) && !luv__scan_add(t->todo, LUV_FOUND_FOLDER, "", 0, "", -1, 0)) t->todo->whole = 1;
}

/* The names become paths only now: a folder above may have been moved since. */
static luv_scan *with_paths(luv_tree *t) {
  luv_scan *s = t->todo, *to = s->whole ? s : luv__scan_new(t->roots);
  size_t i;
  t->todo = NULL;
  for (i = 0; to && to != s && i < s->n; i++) {
    node *parent = find(t, s->found[i].parent);
    char *path = parent ? path_of(t, parent, s->text + s->found[i].path) : NULL;
    if (path && luv__scan_add(to, LUV_FOUND_FOLDER, path, strlen(path), "", parent->wd, 0)) to->incomplete = 1;
    free(path);
  }
  if (to != s) luv__scan_free(s);
  return to;
}

static void go_on(luv_tree *t);

static void launch(luv_tree *t) {
  luv_scan *s = with_paths(t);
  luv_fs_call c;
  luv_fsreq *r;
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(fs_watch);
  r = s ? luv__fsreq_new(t->w->o.S, &c) : NULL;
  if (!r) {
    if (s) luv__scan_free(s);
    lost(t);
    return;
  }
  uv_poll_stop(&t->ear->poll);
  s->tree = t;
  t->scanning = s;
  r->scan = s;
  r->taken = 1;
  luv__fs_launch_job(r, luv__job_scan);
}

static void take_folder(luv_tree *t, luv_found *f, const char *path) {
  node *x = find(t, f->wd), *parent = f->parent < 0 ? NULL : find(t, f->parent);
  const char *name = luv__watch_base(path);
  if (f->parent >= 0 && !parent) return;
  if (x && (x->parent != parent || strcmp(x->name, name) != 0) && x != t->root) x = move(t, x, parent, name);
  else if (!x) x = add(t, f->wd, parent, name);
  if (!x) lost(t);
  else x->scan = t->scans;
  if (x && f->parent < 0) t->root = x;
}

static void take_entry(luv_tree *t, luv_found *f, const char *path) {
  node *parent = find(t, f->parent);
  if (parent && parent->since == t->scans) luv__watch_tell(t->w, IN_CREATE | f->mask, 0, path);
}

static void drop_unseen(luv_tree *t) {
  size_t i;
  for (i = 0; i < t->nbuckets; i++) {
    node *x = t->buckets[i], *next;
    for (; x; x = next) {
      next = x->chain;
      if (x->scan == t->scans) continue;
      inotify_rm_watch(t->roots->in, x->wd);
      discard(t, x);
    }
  }
}

static void take(luv_tree *t, luv_scan *s) {
  size_t i;
  t->scans++;
  for (i = 0; i < s->n; i++) {
    luv_found *f = &s->found[i];
    if (f->kind == LUV_FOUND_ENTRY) take_entry(t, f, s->text + f->path);
    else if (f->wd >= 0) take_folder(t, f, s->text + f->path);
  }
  if (s->whole && !s->incomplete) drop_unseen(t);
  if (s->incomplete) lost(t);
}

/* The pool is done with it. */
void luv__tree_scanned(luv_fsreq *r) {
  luv_tree *t = r->scan->tree;
  if (!t) return;
  t->scanning = NULL;
  r->scan->tree = NULL;
  if (r->result == UV_ECANCELED) r->scan->incomplete = 1;
  take(t, r->scan);
  if (t->todo) launch(t);
  else go_on(t);
}

/* ---- what the kernel says ------------------------------------------------------------------------- */

static node *child_named(node *x, const char *name) {
  node *c = x->child;
  while (c && strcmp(c->name, name) != 0) c = c->sibling;
  return c;
}

static void of_folder(luv_tree *t, node *x, const struct inotify_event *e) {
  node *c;
  if (e->mask & IN_MOVED_FROM && (c = child_named(x, e->name))) {
    detach(c);
    t->moving = c;
    t->cookie = e->cookie;
  } else if (e->mask & (IN_CREATE | IN_MOVED_TO)) {
    if (t->moving && e->mask & IN_MOVED_TO) {
      c = t->moving;
      t->moving = NULL;
      if (!move(t, c, x, e->name)) lost(t);
    }
    scan_later(t, x, e->name);
  }
}

static void ignored(luv_tree *t, node *x) {
  int root = x == t->root;
  discard(t, x);
  if (root) luv__watch_gone(t->w);
}

static void hear(luv_tree *t, const struct inotify_event *e) {
  node *x = e->mask & IN_Q_OVERFLOW ? NULL : find(t, e->wd);
  char *path;
  if (t->moving && !(e->mask & IN_MOVED_TO && e->cookie == t->cookie)) leave(t, t->moving);
  if (e->mask & IN_Q_OVERFLOW) {
    lost(t);
    scan_all(t);
  }
  if (!x || !(x = find(t, e->wd))) return;
  if (e->mask & IN_IGNORED) {
    ignored(t, x);
    return;
  }
  if (!e->len) { /* of itself, which its parent tells, but for the root */
    if (x == t->root) luv__watch_tell(t->w, e->mask, e->cookie, luv__watch_base(t->w->path));
    return;
  }
  path = path_of(t, x, e->name);
  if (path) luv__watch_tell(t->w, e->mask, e->cookie, path);
  free(path);
  if (e->mask & IN_ISDIR && path) of_folder(t, x, e);
}

static void on_readable(uv_poll_t *p, int status, int events) {
  luv_watch *w = ((ear *)p)->w;
  char buf[16384] __attribute__((aligned(8)));
  ssize_t n, at;
  int round = 0;
  (void)status;
  (void)events;
  while (w && round++ < LUV_WATCH_ROUNDS && (n = read(w->tree->roots->in, buf, sizeof buf)) > 0)
    for (at = 0; at < n;) {
      const struct inotify_event *e = (const void *)(buf + at);
      hear(w->tree, e);
      at += (ssize_t)sizeof *e + (ssize_t)e->len;
    }
  if (w && w->tree->todo) launch(w->tree);
}

static void go_on(luv_tree *t) { uv_poll_start(&t->ear->poll, UV_READABLE, on_readable); }

/* ---- its life --------------------------------------------------------------------------------------- */

static void on_close(uv_handle_t *h) {
  luv__roots_drop(((ear *)h)->roots);
  free(h);
}

/* w gets the tree that s has found. */
int luv__tree_new(luv_watch *w, luv_scan *s) {
  luv_tree *t = calloc(1, sizeof *t);
  ear *e = calloc(1, sizeof *e);
  int err = t && e ? uv_poll_init(w->o.S->loop, &e->poll, s->roots->in) : UV_ENOMEM;
  if (err) return free(t), free(e), err;
  e->poll.data = NULL;
  e->roots = t->roots = s->roots;
  s->roots->refs += 2;
  e->w = t->w = w;
  t->ear = e;
  w->tree = t;
  take(t, s);
  w->wd = t->root ? t->root->wd : -1;
  if (t->root) go_on(t);
  return t->root ? 0 : UV_ENOMEM;
}

void luv__tree_close(luv_watch *w) {
  luv_tree *t = w->tree;
  size_t i;
  w->tree = NULL;
  if (t->scanning) t->scanning->tree = NULL;
  if (t->todo) luv__scan_free(t->todo);
  for (i = 0; i < t->nbuckets; i++)
    while (t->buckets[i]) discard(t, t->buckets[i]);
  t->ear->w = NULL;
  uv_close((uv_handle_t *)&t->ear->poll, on_close);
  luv__roots_drop(t->roots);
  free(t->buckets);
  free(t);
}
