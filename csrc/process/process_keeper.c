/* process_keeper.c - a thread that makes the children which end with the process.
 *
 * The kernel ends such a child with the thread that has made it, which may be one of luv.thread's,
 * or of the host's, and end long before the process. So one thread makes them all and does nothing
 * else; it ends with the process. */
#include <pthread.h>
#include <signal.h>
#include "luvprocess.h"

#define STACK (64 * 1024)

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER, lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t come = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static int there;
static void (*work)(void *);
static void *arg;

static void *keeper(void *unused) {
  pthread_mutex_lock(&lock);
  for (;;) {
    while (!work) pthread_cond_wait(&come, &lock);
    work(arg); /* nobody else takes the lock meanwhile: who waits for it waits for this */
    work = NULL;
    pthread_cond_signal(&done);
  }
  return unused;
}

/* With all signals blocked: it runs no handlers. */
static int start(void) {
  pthread_attr_t a;
  pthread_t t;
  sigset_t all, old;
  int err;
  sigfillset(&all);
  pthread_attr_init(&a);
  pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&a, STACK);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  err = pthread_create(&t, &a, keeper, NULL);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  pthread_attr_destroy(&a);
  there = !err;
  return err ? uv_translate_sys_error(err) : 0;
}

static void hand_over(void (*fn)(void *), void *ud) {
  pthread_mutex_lock(&lock);
  work = fn;
  arg = ud;
  pthread_cond_signal(&come);
  while (work) pthread_cond_wait(&done, &lock);
  pthread_mutex_unlock(&lock);
}

int luv__keeper_do(void (*fn)(void *), void *ud) {
  int err, cancel;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
  pthread_mutex_lock(&one_at_a_time);
  err = there ? 0 : start();
  if (!err) hand_over(fn, ud);
  pthread_mutex_unlock(&one_at_a_time);
  pthread_setcancelstate(cancel, NULL);
  return err;
}
