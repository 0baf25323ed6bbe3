/* start.c - runs a command again and again, and times it from its start to its end.
 *
 *   start TIMES COMMAND [ARGUMENT...]     prints "ms N mb N": medians of the wall time and
 *                                         of the most memory the process had resident
 *
 * In C, and small, because a big parent makes its children slow to start and lends them
 * its own resident size. The one rule: a command that fails fails the measurement. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what) {
  fprintf(stderr, "start: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void run(char **argv, double *ms, double *mb) {
  struct rusage usage;
  double start = now_ms();
  int status;
  pid_t pid;
  if ((errno = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ))) die(argv[0]);
  if (wait4(pid, &status, 0, &usage) < 0) die("wait");
  *ms = now_ms() - start;
  *mb = (double)usage.ru_maxrss / 1024;
  if (status != 0) errno = ECHILD, die(argv[0]);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *v, int n) {
  qsort(v, (size_t)n, sizeof *v, ascending);
  return v[n / 2];
}

int main(int argc, char **argv) {
  int i, n = argc > 2 ? atoi(argv[1]) : 0;
  double *ms = calloc((size_t)n + 1, sizeof *ms), *mb = calloc((size_t)n + 1, sizeof *mb);
  if (n < 1 || !ms || !mb) errno = EINVAL, die("arguments");
  for (i = 0; i < n; i++) run(argv + 2, &ms[i], &mb[i]);
  printf("ms %.3f mb %.2f\n", median(ms, n), median(mb, n));
  return 0;
}
