/* queue.h - intrusive doubly linked list. A node that is in no list points to
 * itself, so removing it twice is harmless and "is it linked" is one compare. */
#ifndef LUV_QUEUE_H
#define LUV_QUEUE_H

#include <stddef.h>

typedef struct luv_queue luv_queue;
struct luv_queue { luv_queue *next, *prev; };

#define luv_container(ptr, type, member) \
  ((type *)((char *)(ptr) - offsetof(type, member)))

static inline void queue_init(luv_queue *q) { q->next = q->prev = q; }
static inline int queue_empty(const luv_queue *q) { return q->next == q; }

static inline void queue_push(luv_queue *head, luv_queue *n) {
  luv_queue *last = head->prev;
  n->next = head;
  n->prev = last;
  last->next = n;
  head->prev = n;
}

static inline void queue_push_front(luv_queue *head, luv_queue *n) {
  queue_push(head->next, n);
}

static inline void queue_remove(luv_queue *n) {
  n->prev->next = n->next;
  n->next->prev = n->prev;
  queue_init(n);
}

#endif
