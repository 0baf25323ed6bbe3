/* limits.c - what libraries underneath abort for, made sure of before they need it.
 *
 * Go's runtime starts while luv.so is being loaded: it reserves more than a gigabyte of address
 * space, starts threads, and ends the process if the kernel refuses. So the call that would start
 * it comes here, to our own pthread_create, first: where there is no room the runtime is left
 * alone until luaopen_luv, which tries again, and raises an error. Its later threads are waited
 * for, since it has no way to go on without.
 *
 * The symbol is hidden, so only what is linked into luv.so calls it: Go's runtime, and luv. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include "luv.h"

/* Go reserves 1.2 GiB as it starts, of which it could do without 0.5, but does not leave it to what
 * comes after; its first threads, with the C library's arenas for them, take 0.4. */
#define ADDRESS_SPACE ((size_t)1700 << 20)
#define THREADS 8 /* that it starts at once, or soon */

typedef void *(*body)(void *);
typedef int (*creator)(pthread_t *, const pthread_attr_t *, body, void *);

static body runtime;  /* Go's, that has not been started */
static int called;

/* The process's own: with a sanitizer, that one's. */
static creator real(void) {
  static creator fn;
  if (!fn) fn = (creator)dlsym(RTLD_DEFAULT, "pthread_create");
  return fn;
}

/* ---- what there is room for ----------------------------------------------------------------- */

static int has_space(size_t n) {
  void *p = mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return 0;
  munmap(p, n);
  return 1;
}

static void *stand(void *gate) {
  pthread_mutex_lock(gate);
  pthread_mutex_unlock(gate);
  return NULL;
}

/* 0 if n more threads can run at once, else an error of libuv's. They are made, and end. */
int luv__threads_possible(int n) {
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_t t[64];
  int made = 0, err = 0;
  if (n > 64) n = 64;
  pthread_mutex_lock(&gate);
  while (made < n && !(err = real()(&t[made], NULL, stand, &gate))) made++;
  pthread_mutex_unlock(&gate);
  while (made > 0) pthread_join(t[--made], NULL);
  return err ? uv_translate_sys_error(err) : 0;
}

/* 0 if libuv's pool runs, or can: it starts all of its threads at its first use, and aborts if it
 * cannot. */
int luv__pool_possible(void) {
  static int runs;
  const char *size = getenv("UV_THREADPOOL_SIZE");
  int n = size ? atoi(size) : 4, err;
  if (LUV_LIKELY(__atomic_load_n(&runs, __ATOMIC_RELAXED))) return 0;
  err = luv__threads_possible((n > 1 ? n : 1) + 1);
  if (!err) __atomic_store_n(&runs, 1, __ATOMIC_RELAXED);
  return err;
}

/* What Go's runtime lacks: NULL for nothing. */
static const char *lacking(void) {
  if (!has_space(ADDRESS_SPACE)) return "address space: 1700 MiB more are needed (ulimit -v)";
  if (luv__threads_possible(THREADS)) return "threads: the kernel refuses more (ulimit -u)";
  return NULL;
}

/* ---- Go's threads ---------------------------------------------------------------------------- */

static int start(pthread_t *t, const pthread_attr_t *attr, body fn, void *arg) {
  struct timespec pause = {0, 2000000};
  int err;
  while ((err = real()(t, attr, fn, arg)) == EAGAIN) nanosleep(&pause, NULL);
  return err;
}

/* The first call is the loader's, for Go's runtime as a whole: it alone has no argument. */
int pthread_create(pthread_t *t, const pthread_attr_t *attr, body fn, void *arg) {
  if (!called++ && !arg && lacking()) {
    runtime = fn;
    return 0;
  }
  return start(t, attr, fn, arg);
}

/* luv.so's own threads: EAGAIN is an error. */
int luv__thread_make(pthread_t *t, const pthread_attr_t *attr, body fn, void *arg) { return real()(t, attr, fn, arg); }

/* Starts Go's runtime if that was left: NULL, or what it lacks. */
const char *luv__runtime_lacks(void) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  const char *what = NULL;
  pthread_attr_t attr;
  pthread_t t;
  pthread_mutex_lock(&lock);
  if (runtime && !(what = lacking())) {
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (start(&t, &attr, runtime, NULL)) what = "threads: the kernel refuses more (ulimit -u)";
    else runtime = NULL;
    pthread_attr_destroy(&attr);
  }
  pthread_mutex_unlock(&lock);
  return what;
}

/* An adaptive lock spins before it sleeps: what is done under it takes nanoseconds. */
void luv__init_lock(pthread_mutex_t *lock) {
  pthread_mutexattr_t how;
  pthread_mutexattr_init(&how);
  pthread_mutexattr_settype(&how, PTHREAD_MUTEX_ADAPTIVE_NP);
  pthread_mutex_init(lock, &how);
  pthread_mutexattr_destroy(&how);
}
