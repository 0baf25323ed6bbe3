/* wakeup.c - how other threads, and signal handlers, end a state's poll.
 *
 * uv_async_t is for that, too, but libuv's loop spins while a sender that has written has not
 * said so yet. A thread that ends is often put aside in the middle of its write, for the loop it
 * wakes to run on the same CPU: there the loop would spin in its place. Here it reads, and gives
 * the CPU back once, so that the other can end: else the threads made next have to share theirs
 * with those that are still ending, and to join one takes 95 us instead of 60. */
#include <errno.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "luv.h"

/* Reads first: whoever finds `woken` set until then need not write, for what it has to
 * tell is looked at after this (luv__poll). */
static void on_readable(uv_poll_t *h, int status, int events) {
  luv_state *S = h->data;
  uint64_t n;
  ssize_t unused = read(S->wake_fd, &n, sizeof n);
  (void)unused, (void)status, (void)events;
  __atomic_exchange_n(&S->woken, 0, __ATOMIC_SEQ_CST); /* sees what those have done */
  if (__atomic_exchange_n(&S->making_way, 0, __ATOMIC_RELAXED)) sched_yield();
}

/* From any thread, and from a signal handler. */
void luv__wakeup(luv_state *S) {
  static const uint64_t one = 1;
  int saved = errno;
  ssize_t unused;
  if (__atomic_exchange_n(&S->woken, 1, __ATOMIC_SEQ_CST)) return;
  unused = write(S->wake_fd, &one, sizeof one);
  (void)unused;
  errno = saved;
}

static void sound(luv_state *S, int *bell) {
  if (__atomic_exchange_n(bell, 1, __ATOMIC_SEQ_CST)) return;
  if (__atomic_load_n(&S->blocking, __ATOMIC_SEQ_CST)) luv__wakeup(S);
}

void luv__ring(luv_state *S) { sound(S, &S->rung); }
void luv__ring_arrived(luv_state *S) { sound(S, &S->arrived); }

/* The loop is about to block: 0 when it must not, because somebody has rung. */
int luv__blocks(luv_state *S) {
  __atomic_store_n(&S->blocking, 1, __ATOMIC_SEQ_CST);
  return !__atomic_load_n(&S->rung, __ATOMIC_SEQ_CST) && !__atomic_load_n(&S->arrived, __ATOMIC_SEQ_CST);
}

void luv__unblocks(luv_state *S) {
  if (S->stuck & 1) __atomic_store_n(&S->stuck, S->stuck + 1, __ATOMIC_SEQ_CST);
  __atomic_store_n(&S->blocking, 0, __ATOMIC_RELAXED);
}

/* 0, or libuv's error. */
int luv__wakeup_open(luv_state *S) {
  int err;
  S->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (S->wake_fd < 0) return uv_translate_sys_error(errno);
  err = uv_poll_init(S->loop, S->wakeup, S->wake_fd);
  if (err) {
    close(S->wake_fd);
    return err;
  }
  S->wakeup->data = S;
  return uv_poll_start(S->wakeup, UV_READABLE, on_readable);
}

void luv__wakeup_close(luv_state *S) {
  uv_close((uv_handle_t *)S->wakeup, luv__handle_free);
  close(S->wake_fd);
}
