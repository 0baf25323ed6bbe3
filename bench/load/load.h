/* load.h - what the loads have in common. */
#ifndef LOAD_H
#define LOAD_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "wrong");
  exit(1);
}

static double clock_ns(clockid_t id) {
  struct timespec t;
  if (clock_gettime(id, &t) < 0) die("clock");
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#endif
