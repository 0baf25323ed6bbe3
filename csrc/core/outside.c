/* outside.c - what brings events to a state beside libuv: other threads, the pool, ØMQ, signal
 * handlers. A room that is not in use is not asked. */
#include "luv.h"

void luv__outside_add(luv_state *S, const luv_outside *o) {
  luv_assert(S->noutsides < LUV_MAX_OUTSIDES);
  S->outsides[S->noutsides++] = o;
}

#define EACH(S, hook) \
  const luv_outside *o; \
  int i; \
  for (i = 0; i < (S)->noutsides; i++) \
    if ((o = (S)->outsides[i])->hook)

void luv__outside_serve(luv_state *S) {
  EACH(S, serve) o->serve(S);
}

void luv__outside_look(luv_state *S, int block) {
  EACH(S, look) o->look(S, block);
}

int luv__outside_pending(luv_state *S) {
  EACH(S, pending) if (o->pending(S)) return 1;
  return 0;
}

int luv__outside_far(luv_state *S) {
  int far = 0;
  EACH(S, far) {
    int is = o->far(S);
    if (is < 0) return 0;
    far |= is;
  }
  return far;
}

int luv__outside_lone(luv_state *S) {
  int n = 0;
  EACH(S, lone) n += o->lone(S);
  return n;
}

uint64_t luv__outside_working(luv_state *S) {
  uint64_t n = 0;
  EACH(S, working) n += o->working(S);
  return n;
}
