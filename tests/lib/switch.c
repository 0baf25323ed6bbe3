/* switch.c - three stacks and the host take turns; what a call must keep, integers and floating
 * point, is kept by each. Prints OK. Built with csrc/core/switch.c, for this CPU or another. */
#include <stdio.h>
#include <sys/mman.h>
#include "switch.h"

enum { STACKS = 3, TURNS = 10, SIZE = 1 << 20 };

static void *host, *stacks[STACKS];
static int current;
static double sum;

static double next(double d, int turn) { return d * 1.5 + turn; }

static void entry(void) {
  int me = current, i;
  double d = me + 0.5;
  for (i = 0;; i++) {
    d = next(d, i);
    sum += d;
    luv__switch(&stacks[me], host);
  }
}

static double expected(void) {
  double all = 0, d;
  int i, k;
  for (i = 0; i < STACKS; i++)
    for (d = i + 0.5, k = 0; k < TURNS; k++) all += d = next(d, k);
  return all;
}

int main(void) {
  double x = 3.25, y = x, off;
  int i, k;
  for (i = 0; i < STACKS; i++) {
    char *low = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (low == MAP_FAILED) return 2;
    stacks[i] = luv__switch_prepare(low + SIZE, entry);
  }
  for (k = 0; k < TURNS; k++)
    for (i = 0; i < STACKS; i++) {
      current = i;
      x *= 1.25;
      luv__switch(&host, stacks[i]);
      y *= 1.25;
      if (x != y) return 1;
    }
  off = sum - expected();
  if (off > 1e-6 || off < -1e-6) return 1;
  puts("OK");
  return 0;
}
