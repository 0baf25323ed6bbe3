/* overflow.c - a C stack that overflows says whose it was, before the process dies of it.
 *
 * Below each stack lies a page that nothing may touch. The handler here looks whether the fault
 * was there, and leaves the rest, and every other fault, to the handler that was there before. */
#include <pthread.h>
#include <unistd.h>
#include "luv.h"

static struct sigaction before;

static void say(const char *s, size_t n) {
  ssize_t unused = write(STDERR_FILENO, s, n);
  (void)unused;
}

static void say_who(luv_fiber *f) {
  char id[24], *p = id + sizeof id;
  uint32_t n = f->id;
  do *--p = (char)('0' + n % 10);
  while (n /= 10);
  say("luv: C stack overflow in fiber ", 31);
  say(p, (size_t)(id + sizeof id - p));
  if (f->name) say(" '", 2), say(f->name, strlen(f->name)), say("'", 1);
  say(" (luv.stack_size makes the stacks of fibers larger)\n", 52);
}

/* The guard, and what a large frame may have jumped over it. */
static int is_guard(const luv_stack *s, const char *at) {
  return at >= s->low && at < s->low + LUV_STACK_LEAST / 4;
}

static void on_fault(int sig, siginfo_t *info, void *context) {
  luv_host *h = luv__host;
  if (h && h->stack && is_guard(h->stack, info->si_addr) && luv_current(h->S)) say_who(luv_current(h->S));
  if (before.sa_flags & SA_SIGINFO) before.sa_sigaction(sig, info, context);
  else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) before.sa_handler(sig);
  else sigaction(sig, &before, NULL); /* and the fault comes again */
}

static void watch(void) {
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = on_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigfillset(&ours.sa_mask);
  sigaction(SIGSEGV, NULL, &before);
  sigaction(SIGSEGV, &ours, NULL);
}

void luv__overflow_watch(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, watch);
}
