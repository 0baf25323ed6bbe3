/* sleep.c - the limit of sleeping: uv timers that fire twice each.
 *
 *   sleep                 prints "us N": CPU microseconds per sleep
 *
 * A sleeper is what sleep.lua makes a fiber for: it is made when its turn comes, sleeps,
 * and sleeps once more for as long. The one rule: the delays are those of sleep.lua, so
 * both heaps hold the same timers in the same order. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <uv.h>

#define SLEEPERS 100000
#define SLEEPS 2

typedef struct {
  uv_timer_t timer;
  int sleeps, ms;
} sleeper;

static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void on_close(uv_handle_t *h) { free(h); }

static void on_timer(uv_timer_t *t) {
  sleeper *s = (sleeper *)t;
  if (++s->sleeps == SLEEPS)
    uv_close((uv_handle_t *)t, on_close);
  else
    uv_timer_start(t, on_timer, (uint64_t)s->ms, 0);
}

static int spawn(uv_loop_t *loop, int i) {
  sleeper *s = malloc(sizeof *s);
  if (!s) return 0;
  s->sleeps = 0;
  s->ms = 1 + (int)(i * 7919L % 500);
  uv_timer_init(loop, &s->timer);
  return uv_timer_start(&s->timer, on_timer, (uint64_t)s->ms, 0) == 0;
}

int main(void) {
  uv_loop_t *loop = uv_default_loop();
  double start = cpu();
  int i;
  for (i = 1; i <= SLEEPERS; i++)
    if (!spawn(loop, i)) return 1;
  uv_run(loop, UV_RUN_DEFAULT);
  printf("us %.4f\n", (cpu() - start) / SLEEPERS / SLEEPS);
  return 0;
}
