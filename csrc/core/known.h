/* known.h - objects that are found by the address of their userdata, without a look into it.
 *
 * A face that has checked an object of its state notes it; what comes by the short way then
 * only compares addresses. Places are shared, so the one noted last is there. Who closes an
 * object takes it out: the address may soon be that of something else. */
#ifndef LUV_KNOWN_H
#define LUV_KNOWN_H

#include <stddef.h>
#include <stdint.h>

typedef struct { const void *box; void *o; } luv_place;

static inline luv_place *luv__place(luv_place *table, int bits, const void *box) {
  return &table[(uint32_t)((uintptr_t)box >> 4) * 2654435761u >> (32 - bits)];
}

/* The object, or NULL. */
static inline void *luv__known(luv_place *table, int bits, const void *box) {
  luv_place *p = luv__place(table, bits, box);
  return p->box == box ? p->o : NULL;
}

static inline void luv__know(luv_place *table, int bits, const void *box, void *o) {
  luv_place *p = luv__place(table, bits, box);
  p->box = box;
  p->o = o;
}

static inline void luv__unknow(luv_place *table, int bits, const void *o) {
  int i;
  for (i = 0; i < 1 << bits; i++)
    if (table[i].o == o) table[i].box = table[i].o = NULL;
}

#endif
