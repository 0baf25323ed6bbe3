/* delay.c - how long a fiber that is ready waits for its turn.
 *
 * The one that is last in the queue at a look at the clock is timed, until a look that finds it
 * gone: both looks are made anyway. */
#include "luv.h"

void luv__delay_begin(luv_state *S, uint64_t now) {
  if (luv_ready_empty(S)) return;
  S->delay.mark = S->ready.tail;
  S->delay.from = now;
}

static int bucket(uint64_t ns) {
  int top, b;
  if (ns < 4) return (int)ns;
  top = 63 - __builtin_clzll(ns);
  b = 4 * (top - 1) + (int)(ns >> (top - 2) & 3);
  return b < LUV_DELAYS ? b : LUV_DELAYS - 1;
}

/* The upper end of a bucket. */
static uint64_t bound(int b) { return b < 4 ? (uint64_t)b : (uint64_t)(4 + b % 4 + 1) << (b / 4 - 1); }

void luv__delay_end(luv_state *S, uint64_t now) {
  uint64_t ns;
  if (!S->delay.from || (int32_t)(S->ready.head - S->delay.mark) < 0) return;
  ns = now - S->delay.from;
  S->delay.from = 0;
  S->delay.counts[bucket(ns)]++;
  S->delay.n++;
  if (ns > S->delay.max) S->delay.max = ns;
}

double luv__delay_percentile(const luv_delay *d, double p) {
  uint64_t seen = 0, ns;
  int b;
  for (b = 0; b < LUV_DELAYS; b++)
    if ((seen += d->counts[b]) && (double)seen >= p * (double)d->n) break;
  ns = d->n ? bound(b) : 0;
  return (double)(ns < d->max ? ns : d->max) / 1e9;
}
