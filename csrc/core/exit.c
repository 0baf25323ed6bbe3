/* exit.c - the end of the process, while libuv's pool is at work.
 *
 * libuv joins the threads of its pool when the process ends, in a destructor: one that
 * hangs (a pipe that nobody writes to, a dead mount) would hang the exit. So if anything of
 * ours is in the pool then, a thread is started that ends the process after a while: soon
 * if all of it only reads, else not before what is being written had time to end. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "luv.h"

#define LINGER_READS 50000      /* us */
#define LINGER_WRITES 5000000
#define MAX_THREADS 1024        /* of libuv */

static int harmless_ones, others; /* in the pool of the process */
static int pollers; /* libuv may have handed something there for each, until it lets go of it */

void luv__pool_enter(int harmless) { __atomic_add_fetch(harmless ? &harmless_ones : &others, 1, __ATOMIC_RELAXED); }
void luv__pool_leave(int harmless) { __atomic_sub_fetch(harmless ? &harmless_ones : &others, 1, __ATOMIC_RELAXED); }

void luv__poller_come(void) { __atomic_add_fetch(&pollers, 1, __ATOMIC_RELAXED); }
void luv__poller_gone(void) { __atomic_sub_fetch(&pollers, 1, __ATOMIC_RELAXED); }

/* libuv does not tell; with nothing but luv in the pool this is exact. */
void luv__pool_count(unsigned *threads, unsigned *running, unsigned *queued) {
  const char *env = getenv("UV_THREADPOOL_SIZE");
  int n = env ? atoi(env) : 4, all;
  if (n < 1) n = 1;
  *threads = n > MAX_THREADS ? MAX_THREADS : (unsigned)n;
  all = __atomic_load_n(&harmless_ones, __ATOMIC_RELAXED) + __atomic_load_n(&others, __ATOMIC_RELAXED);
  *running = (unsigned)all < *threads ? (unsigned)all : *threads;
  *queued = (unsigned)all - *running;
}

int luv__own_threads; /* atomic: of luv's own, that run */
static int exit_status;
static useconds_t linger;

static void *end(void *unused) {
  (void)unused;
  usleep(linger);
  fflush(NULL);
  _exit(exit_status);
}

/* ---- the end of the process ------------------------------------------------------------- */

static int ends_with = -1;

void luv__exits_with(int status) { ends_with = status; }

static void let_writes_end(void) {
  uint64_t until = uv_hrtime() + (uint64_t)LINGER_WRITES * 1000;
  while (__atomic_load_n(&others, __ATOMIC_RELAXED) > 0 && uv_hrtime() < until) usleep(500);
}

/* Comes after all that exit() calls but libuv's own destructor, since luv was loaded after it. That
 * joins the threads of the pool and takes its locks away: in a child of fork() there are no such
 * threads, and those of luv that still run (detached ones, or all after os.exit) would be aborted in
 * the middle of whatever they do there. So it ends here. */
__attribute__((destructor)) static void leave(void) {
  if (ends_with < 0 || (!luv__forked && !__atomic_load_n(&luv__own_threads, __ATOMIC_ACQUIRE))) return;
  if (!luv__forked) let_writes_end();
  fflush(NULL);
  _exit(ends_with);
}

void luv__pool_exit(int status) {
  pthread_t t;
  sigset_t all, old;
  int writes = __atomic_load_n(&others, __ATOMIC_RELAXED);
  int reads = __atomic_load_n(&harmless_ones, __ATOMIC_RELAXED) + __atomic_load_n(&pollers, __ATOMIC_RELAXED);
  if (!writes && !reads) return;
  exit_status = status;
  linger = writes ? LINGER_WRITES : LINGER_READS;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  if (luv__thread_make(&t, NULL, end, NULL) == 0) pthread_detach(t);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}
