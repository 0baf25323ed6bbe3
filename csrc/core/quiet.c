/* quiet.c - how luv's own writes raise no signal: the thread blocks those while it writes, and
 * takes back what has come. */
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>
#include "quiet.h"

__thread int luv__queued_writes __attribute__((tls_model("initial-exec")));

static const int raised[] = {SIGPIPE, SIGXFSZ};
#define COUNT (sizeof raised / sizeof *raised)

void luv__quiet_begin(luv_quiet *q) {
  sigset_t set;
  size_t i;
  sigemptyset(&set);
  for (i = 0; i < COUNT; i++) sigaddset(&set, raised[i]);
  pthread_sigmask(SIG_BLOCK, &set, &q->before);
}

/* Drops those that are pending; returns whether one came from another process. */
static int drop(int sig) {
  static const struct timespec at_once = {0, 0};
  siginfo_t info;
  sigset_t set;
  int foreign = 0;
  sigemptyset(&set);
  sigaddset(&set, sig);
  while (sigtimedwait(&set, &info, &at_once) == sig)
    if (info.si_code == SI_USER && info.si_pid != getpid()) foreign = 1;
  return foreign;
}

void luv__quiet_end(luv_quiet *q, int failed) {
  int foreign[COUNT] = {0};
  size_t i;
  for (i = 0; failed && i < COUNT; i++)
    if (!sigismember(&q->before, raised[i])) foreign[i] = drop(raised[i]);
  pthread_sigmask(SIG_SETMASK, &q->before, NULL);
  for (i = 0; i < COUNT; i++)
    if (foreign[i]) kill(getpid(), raised[i]);
}

void luv__run_quietly(luv_state *S, uv_run_mode mode) {
  luv_quiet q;
  luv__quiet_begin(&q);
  uv_run(S->loop, mode);
  luv__quiet_end(&q, 1);
}
