/* batch.h - what batch.c and promise.c share. */
#ifndef LUV_BATCH_H
#define LUV_BATCH_H

#include "proxy.h"

/* What goes to one owner. */
typedef struct { luv_mail *m; uint32_t *wanted, nwanted, cap; } luv_part;

struct luv_batch {
  luv_batch *next;    /* of those being written down; by the fiber */
  luv_fiber *by;
  uint64_t id;
  uint32_t n, sent;   /* parts */
  luv_part *v;
};

typedef struct { const char *magic; uint64_t id; uint32_t part, at, wanted; } luv_promise;

luv_promise *luv__topromise(lua_State *L, int idx); /* or NULL */
luv_batch *luv__batch_current(luv_state *S);        /* the running fiber's, or NULL */
void luv__promise_push(luv_state *S, lua_State *L, luv_batch *b, uint32_t part);
void luv__promise_open(luv_state *S, lua_State *L);
/* What is on L from `first` on is to be done there; leaves a promise. */
int luv__batch_write(luv_state *S, lua_State *L, luv_batch *b, uint32_t part, int op, int first);

#endif
