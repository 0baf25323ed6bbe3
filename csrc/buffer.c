/* buffer.c - the bytes of a stream that no read has taken: one block, a head that
 * moves, room in front for unread(). */
#include "luv.h"

void luv__buffer_free(luv_buffer *b) {
  free(b->p);
  memset(b, 0, sizeof *b);
}

static int reserve(luv_buffer *b, size_t n) {
  size_t cap = b->cap ? b->cap : 4096;
  char *p;
  if (b->head + b->len + n <= b->cap) return 0;
  if (b->head > b->len && b->len + n <= b->cap) { /* most of it is behind us */
    memmove(b->p, b->p + b->head, b->len);
    b->head = 0;
    return 0;
  }
  while (cap < b->len + n) cap *= 2;
  p = malloc(cap);
  if (!p) return UV_ENOMEM;
  if (b->len) memcpy(p, b->p + b->head, b->len);
  free(b->p);
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
  if (b->head < n) {
    if (reserve(b, n + b->head)) return UV_ENOMEM;
    memmove(b->p + b->head + n, b->p + b->head, b->len);
    b->head += n;
  }
  b->head -= n;
  b->len += n;
  memcpy(b->p + b->head, p, n);
  return 0;
}

void luv__buffer_consume(luv_buffer *b, size_t n) {
  luv_assert(n <= b->len);
  b->head += n;
  b->len -= n;
  if (b->len) return;
  b->head = 0;
  if (b->cap > LUV_READ_SIZE) luv__buffer_free(b);
}
