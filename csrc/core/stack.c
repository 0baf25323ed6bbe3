/* stack.c - the pool of C stacks.
 *
 * Stacks are cut from slabs of address space that cost nothing until they are touched. Below
 * each lies a guard page; where the kernel has MADV_GUARD_INSTALL (Linux 6.13) that is no
 * mapping of its own, so vm.max_map_count does not count it. Elsewhere a stack takes two
 * mappings, and when the limit is reached there is no stack.
 *
 * The first frames of thousands of stacks must not all lie at the same place of a page: they
 * would fight for the same few lines of the cache. So each begins a little further down. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "stack.h"
#include "switch.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#define GUARD 4096
#define COLOURS 16
#define MOST 64         /* stacks in a slab */
#define WARM 16         /* idle stacks that keep their first page */
#define TRIM 100000000  /* ns between two looks at what could be given back */

struct luv_slab {
  luv_slab *next;
  char *p;
  size_t size;
  uint32_t count, room; /* stacks that have been made of it, and that it has room for */
  luv_stack v[]; /* apart from the stacks, all of which can be given back */
};

static size_t page(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static size_t guard_size(void) { return page() > GUARD ? page() : GUARD; }

/* Huge pages would make of each stack's first page two megabytes. */
static luv_slab *new_slab(luv_stacks *p) {
  size_t n = p->total < 4 ? 1 : p->total < MOST ? p->total : MOST;
  luv_slab *b = malloc(sizeof *b + n * sizeof *b->v);
  if (!b) return NULL;
  b->count = 0;
  b->room = n;
  b->size = n * p->size;
  b->p = mmap(NULL, b->size, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (b->p == MAP_FAILED) {
    free(b);
    return NULL;
  }
  madvise(b->p, b->size, MADV_NOHUGEPAGE);
  b->next = p->slabs;
  p->slabs = b;
  return b;
}

static int install_guard(char *low) {
  if (madvise(low, guard_size(), MADV_GUARD_INSTALL) == 0) return 1;
  return mprotect(low, guard_size(), PROT_NONE) == 0;
}

static luv_stack *make(luv_stacks *p) {
  luv_slab *b = p->slabs;
  luv_stack *s;
  if (!b || b->count == b->room || b->size != b->room * p->size) b = new_slab(p);
  if (!b || !install_guard(b->p + b->count * p->size)) return NULL;
  s = &b->v[b->count];
  s->low = b->p + b->count++ * p->size;
  s->size = p->size;
  s->dirty = 0;
#ifdef __SANITIZE_THREAD__
  s->tsan = NULL;
#endif
  luv__stack_forget(s); /* of those that were mapped there before */
  p->total++;
  return s;
}

static char *top_of(luv_stack *s) {
  uintptr_t colour = ((uintptr_t)s->low / s->size) % COLOURS;
  return s->low + s->size - 64 * colour;
}

/* All but, if it is to stay warm, the page that each begins with. */
static void give_back(luv_stack *s, int warm) {
  size_t n = s->size - guard_size();
  if (warm) n -= page();
  madvise(s->low + guard_size(), n, MADV_DONTNEED);
  s->dirty = 0;
}

static luv_stack *take_idle(luv_stacks *p) {
  luv_stack *s = p->idle;
  if (!s) return NULL;
  p->idle = s->next;
  p->nidle--;
  p->ndirty -= (uint32_t)s->dirty;
  s->dirty = 0;
  luv__stack_forget(s);
  return s;
}

luv_stack *luv__stack_take(luv_stacks *p, void (*entry)(void)) {
  luv_stack *s = take_idle(p);
  while (s && s->size != p->size) { /* made before another size was asked for */
    give_back(s, 0);
    s = take_idle(p);
  }
  if (!s) s = make(p);
  if (s) s->sp = luv__switch_prepare(top_of(s), entry);
  return s;
}

void luv__stack_give(luv_stacks *p, luv_stack *s) {
  s->next = p->idle;
  p->idle = s;
  s->dirty = 1;
  p->nidle++;
  p->ndirty++;
}

void luv__stacks_trim(luv_stacks *p, uint64_t now) {
  luv_stack *s;
  uint32_t i = 0;
  if (!p->ndirty || now - p->trimmed < TRIM) return;
  p->trimmed = now;
  for (s = p->idle; s; s = s->next, i++)
    if (s->dirty) give_back(s, i < WARM);
  p->ndirty = 0;
}

void luv__stacks_free(luv_stacks *p) {
  while (p->slabs) {
    luv_slab *b = p->slabs;
    p->slabs = b->next;
    munmap(b->p, b->size);
    free(b);
  }
  p->idle = NULL;
  p->nidle = p->total = p->ndirty = 0;
}
