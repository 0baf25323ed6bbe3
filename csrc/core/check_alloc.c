/* check_alloc.c - the check build's allocator: wraps that of the host's Lua state.
 *
 * What is freed is overwritten first, and what is resized moves, so that whoever keeps an
 * address across an allocation of Lua's finds rubbish there. */
#include "luv.h"

#ifdef LUV_CHECK

#define GONE 0xdb

struct luv_check_alloc { lua_Alloc fn; void *ud; };

static void drop(struct luv_check_alloc *a, void *p, size_t size) {
  memset(p, GONE, size);
  a->fn(a->ud, p, size, 0);
}

static void *allocate(void *ud, void *p, size_t old, size_t size) {
  struct luv_check_alloc *a = ud;
  void *moved;
  if (!p || old == 0) return a->fn(a->ud, p, old, size);
  if (size == 0) {
    drop(a, p, old);
    return NULL;
  }
  moved = a->fn(a->ud, NULL, 0, size);
  if (!moved) return size < old ? a->fn(a->ud, p, old, size) : NULL; /* Lua takes it that shrinking works */
  memcpy(moved, p, old < size ? old : size);
  drop(a, p, old);
  return moved;
}

void luv__check_alloc_open(luv_state *S, lua_State *L) {
  struct luv_check_alloc *a = malloc(sizeof *a);
  if (!a) return;
  a->fn = lua_getallocf(L, &a->ud);
  S->check_alloc = a;
  lua_setallocf(L, allocate, a);
}

/* The state goes on to close with its own. */
void luv__check_alloc_close(luv_state *S, lua_State *L) {
  if (!S->check_alloc) return;
  lua_setallocf(L, S->check_alloc->fn, S->check_alloc->ud);
  free(S->check_alloc);
  S->check_alloc = NULL;
}

#endif
