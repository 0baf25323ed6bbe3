/* buffer.c - the bytes of a stream that no read has taken: one block, a head that
 * moves, room in front for unread().
 *
 * Who makes a string of them holds the block meanwhile, since to allocate may run code of the
 * script: it may read, unread or close in the middle. A block that is held is never written
 * to; `changes` tells whether anybody has been there. */
#include "luv.h"

typedef struct { size_t refs, spare; } block; /* before the bytes */

static block *of(char *p) { return (block *)(void *)p - 1; }

static char *new_block(size_t cap) {
  block *b = malloc(sizeof *b + cap);
  if (!b) return NULL;
  b->refs = 1;
  return (char *)(b + 1);
}

char *luv__buffer_hold(luv_buffer *b) {
  of(b->p)->refs++;
  return b->p;
}

void luv__block_release(char *p) {
  if (p && --of(p)->refs == 0) free(of(p));
}

void luv__buffer_free(luv_buffer *b) {
  uint32_t changes = b->changes + 1;
  luv__block_release(b->p);
  memset(b, 0, sizeof *b);
  b->changes = changes;
}

static int reserve(luv_buffer *b, size_t n) {
  size_t cap = b->cap ? b->cap : 4096;
  int held = b->p && of(b->p)->refs > 1;
  char *p;
  b->changes++;
  if (!held && b->head + b->len + n <= b->cap) return 0;
  if (!held && b->head > b->len && b->len + n <= b->cap) { /* most of it is behind us */
    memmove(b->p, b->p + b->head, b->len);
    b->head = 0;
    return 0;
  }
  while (cap < b->len + n) cap *= 2;
  p = new_block(cap);
  if (!p) return UV_ENOMEM;
  if (b->len) memcpy(p, b->p + b->head, b->len);
  luv__block_release(b->p);
  b->p = p;
  b->cap = cap;
  b->head = 0;
  return 0;
}

int luv__buffer_append(luv_buffer *b, const char *p, size_t n) {
  if (n == 0) return 0;
  if (reserve(b, n)) return UV_ENOMEM;
  memcpy(b->p + b->head + b->len, p, n);
  b->len += n;
  return 0;
}

int luv__buffer_prepend(luv_buffer *b, const char *p, size_t n) {
  if (n == 0) return 0;
  if (b->head < n || of(b->p)->refs > 1) {
    if (reserve(b, n + b->head)) return UV_ENOMEM;
    memmove(b->p + b->head + n, b->p + b->head, b->len);
    b->head += n;
  }
  b->changes++;
  b->head -= n;
  b->len += n;
  memcpy(b->p + b->head, p, n);
  return 0;
}

void luv__buffer_consume(luv_buffer *b, size_t n) {
  luv_assert(n <= b->len);
  b->changes++;
  b->head += n;
  b->len -= n;
  if (b->len) return;
  b->head = 0;
  if (b->cap > LUV_READ_SIZE) luv__buffer_free(b);
}
