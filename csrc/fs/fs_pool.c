/* fs_pool.c - how requests come to the threads of libuv's pool, and back.
 *
 * libuv's own hand-over takes a lock and wakes a thread for each request, and the thread
 * then wakes the loop. When the kernel has everything in memory that is most of the cost: a
 * thread is done with the last request before the script has made the next, and sleeps. So
 * a state has a queue of its own and calls threads of the pool, its workers, which take one
 * request after the other. What they have done the loop takes in one go.
 *
 *   1. The queues and the counts are the lock's. A worker leaves under the lock and when there
 *      is nothing to do: so whoever puts something there knows whether a worker will see it.
 *   2. One worker is called when there is none. More are called when the loop is about
 *      to block while requests lie in the queue, or when it finds that none was taken for a
 *      while: then the workers wait for a disk. So no request waits behind a slow one
 *      while a thread of the pool is idle, and fast ones wake nobody.
 *   3. A worker that has nothing to do looks for more for a moment before it leaves, as
 *      the loop does before it blocks (poll.c), and as it does less often when that was in vain.
 *   4. After a while it leaves in any case, and is called again: the pool has other users.
 *   5. Who has done something rings (wakeup.c). */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#include "fs.h"
#include "quiet.h"

#define STINT 2000000   /* ns that a worker stays at most, if others may want its thread */
#define LOOK_OUT 3      /* times S->spin: the loop may have to be woken and to run a fiber */
#define LEAVING 100000000 /* ns that the end of a state waits for them */
#define HELD_UP 200000  /* ns without a request taken that call for more workers */

typedef struct luv_crew {
  pthread_mutex_t lock;
  luv_queue todo, done;
  unsigned waiting;     /* in todo */
  unsigned workers, coming, inside; /* called and not gone; of these, not begun, in a call */
  unsigned taken, seen; /* from todo: ever, and when it was looked at last */
  uint64_t looked;
  luv_state *S;         /* NULL: it is gone */
  uint64_t spin;        /* ns, as S->spin */
  int spinning, missed, skip, stop;
  unsigned threads, free;
  uv_work_t *work;      /* of each thread of the pool */
  unsigned *slot;       /* the first `free` of them are idle; the loop's alone */
} luv_crew;

luv_crew *luv__crew_new(luv_state *S) {
  luv_crew *c = calloc(1, sizeof *c);
  unsigned running, queued;
  if (!c) return NULL;
  luv__pool_count(&c->threads, &running, &queued);
  c->work = calloc(c->threads, sizeof *c->work);
  c->slot = calloc(c->threads, sizeof *c->slot);
  if (!c->work || !c->slot) {
    free(c->work);
    free(c->slot);
    free(c);
    return NULL;
  }
  for (c->free = 0; c->free < c->threads; c->free++) c->slot[c->free] = c->free;
  luv__init_lock(&c->lock);
  queue_init(&c->todo);
  queue_init(&c->done);
  c->S = S;
  return c;
}

/* A worker that still hangs in a call keeps what it will touch. */
void luv__crew_free(luv_crew *c) {
  pthread_mutex_lock(&c->lock);
  c->S = NULL;
  pthread_mutex_unlock(&c->lock);
  if (c->free < c->threads) return;
  pthread_mutex_destroy(&c->lock);
  free(c->work);
  free(c->slot);
  free(c);
}

/* ---- on a thread of the pool ---------------------------------------------------------- */

/* Takes r out of todo. Locked. */
static void take(luv_crew *c, luv_fsreq *r) {
  queue_remove(&r->pool);
  r->todo = 0;
  c->taken++;
  __atomic_store_n(&c->waiting, c->waiting - 1, __ATOMIC_RELAXED);
}

/* The first one tells the loop, which takes all that are there by then. Locked. */
static void finished(luv_crew *c, luv_fsreq *r) {
  int first = queue_empty(&c->done);
  luv__pool_leave(r->harmless);
  queue_push(&c->done, &r->pool);
  if (!first || !c->S) return;
  luv__ring_arrived(c->S);
}

static int wanted(luv_crew *c) {
  return __atomic_load_n(&c->waiting, __ATOMIC_RELAXED) || __atomic_load_n(&c->stop, __ATOMIC_RELAXED);
}

/* It gives way to whoever else wants the CPU: to the loop's thread, when there is but one. */
static void spin(luv_crew *c, uint64_t most) {
  uint64_t start = uv_hrtime();
  int i;
  while (!wanted(c) && uv_hrtime() - start < most) {
    for (i = 0; i < 32 && !wanted(c); i++) luv__relax();
    if (!wanted(c)) sched_yield();
  }
}

/* Nothing to do: whether there is something a moment later. Locked. */
static int look_out(luv_crew *c) {
  if (!c->spin || c->spinning || __atomic_load_n(&c->stop, __ATOMIC_RELAXED)) return 0;
  if (c->skip > 0) {
    c->skip--;
    return 0;
  }
  c->spinning = 1;
  pthread_mutex_unlock(&c->lock);
  spin(c, LOOK_OUT * c->spin);
  pthread_mutex_lock(&c->lock);
  c->spinning = 0;
  if (c->waiting) c->missed = 0;
  else if (c->missed < 10 && ++c->missed > 2) c->skip = 1 << c->missed;
  return c->waiting > 0;
}

static void on_work(uv_work_t *w) {
  luv_crew *c = w->data;
  uint64_t end = uv_hrtime() + STINT;
  luv_quiet q;
  luv__quiet_begin(&q);
  pthread_mutex_lock(&c->lock);
  c->coming--;
  while (c->waiting || look_out(c)) {
    luv_fsreq *r = luv_container(c->todo.next, luv_fsreq, pool);
    take(c, r);
    c->inside++;
    pthread_mutex_unlock(&c->lock);
    r->work(r);
    if (LUV_UNLIKELY(r->asks)) luv__mount_ask(r);
    pthread_mutex_lock(&c->lock);
    c->inside--;
    finished(c, r);
    if (uv_hrtime() >= end) break;
  }
  c->workers--;
  pthread_mutex_unlock(&c->lock);
  luv__quiet_end(&q, 1);
}

/* ---- on the loop's ------------------------------------------------------------------------ */

static void call(luv_crew *c, unsigned n);

static unsigned less(unsigned a, unsigned b) { return a < b ? a : b; }

/* How many more workers there is work for. Locked. */
static unsigned missing(luv_crew *c) {
  unsigned soon = c->coming + (unsigned)c->spinning;
  return c->waiting > soon ? less(c->waiting - soon, c->free) : 0;
}

static void never_came(luv_crew *c) {
  pthread_mutex_lock(&c->lock);
  c->coming--;
  c->workers--;
  pthread_mutex_unlock(&c->lock);
}

static void on_left(uv_work_t *w, int status) {
  luv_crew *c = w->data;
  unsigned n;
  if (status < 0) never_came(c);
  c->slot[c->free++] = (unsigned)(w - c->work);
  if (!c->S) return;
  luv__pool_collect(c->S);
  pthread_mutex_lock(&c->lock);
  n = c->workers ? 0 : less(missing(c), 1);
  pthread_mutex_unlock(&c->lock);
  call(c, n);
}

/* The first one makes libuv's threads, which are not to have Ctrl-C. */
static void queue_work(luv_crew *c, uv_work_t *w) {
  static int made; /* atomic */
  int first = !__atomic_exchange_n(&made, 1, __ATOMIC_RELAXED);
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  if (first) pthread_sigmask(SIG_BLOCK, &set, &before);
  uv_queue_work(c->S->loop, w, on_work, on_left);
  if (first) pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void call(luv_crew *c, unsigned n) {
  if (!n) return;
  pthread_mutex_lock(&c->lock);
  c->spin = c->S->spin;
  c->workers += n;
  c->coming += n;
  c->seen = c->taken;
  c->looked = uv_hrtime();
  pthread_mutex_unlock(&c->lock);
  while (n--) {
    uv_work_t *w = &c->work[c->slot[--c->free]];
    w->data = c;
    queue_work(c, w);
  }
}

/* There are no threads for the pool. What is to be closed or undone is, here and now. */
static void refuse(luv_crew *c, luv_fsreq *r, int err) {
  if (r->work == luv__job_undo || r->op->result == LUV_FS_CLOSED) r->work(r);
  else r->result = err;
  pthread_mutex_lock(&c->lock);
  finished(c, r);
  pthread_mutex_unlock(&c->lock);
}

/* Nothing is lost when all slots are taken: on_left looks again. */
void luv__pool_put(luv_fsreq *r) {
  luv_crew *c = luv__fs_of(r->S)->crew;
  unsigned n;
  int err = luv__pool_possible();
  if (LUV_UNLIKELY(err)) {
    refuse(c, r, err);
    return;
  }
  pthread_mutex_lock(&c->lock);
  r->todo = 1;
  queue_push(&c->todo, &r->pool);
  __atomic_store_n(&c->waiting, c->waiting + 1, __ATOMIC_RELAXED);
  n = c->workers ? 0 : less(1, c->free);
  pthread_mutex_unlock(&c->lock);
  call(c, n);
}

void luv__pool_cancel(luv_fsreq *r) {
  luv_crew *c = luv__fs_of(r->S)->crew;
  pthread_mutex_lock(&c->lock);
  if (r->todo) {
    take(c, r);
    if (r->work == luv__job_undo) luv__job_undo(r);
    else r->result = UV_ECANCELED;
    finished(c, r);
  }
  pthread_mutex_unlock(&c->lock);
}

/* Takes all that is done. */
void luv__pool_collect(luv_state *S) {
  luv_crew *c;
  luv_queue all;
  if (LUV_LIKELY(!__atomic_load_n(&S->arrived, __ATOMIC_RELAXED))) return;
  c = luv__fs_of(S)->crew;
  pthread_mutex_lock(&c->lock);
  __atomic_store_n(&S->arrived, 0, __ATOMIC_RELAXED);
  queue_push(&c->done, &all); /* takes the place of the head */
  queue_remove(&c->done);
  pthread_mutex_unlock(&c->lock);
  while (!queue_empty(&all)) {
    luv_fsreq *r = luv_container(all.next, luv_fsreq, pool);
    queue_remove(&r->pool);
    luv__fs_arrived(r);
  }
}

/* At each poll: are there enough workers? */
void luv__pool_look(luv_state *S, int block) {
  luv_crew *c = luv__fs_of(S)->crew;
  unsigned n = 0;
  if (!__atomic_load_n(&c->waiting, __ATOMIC_RELAXED)) return;
  pthread_mutex_lock(&c->lock);
  if (block || (c->taken == c->seen && S->now > c->looked + HELD_UP)) n = missing(c);
  if (c->taken != c->seen) {
    c->seen = c->taken;
    c->looked = S->now;
  }
  pthread_mutex_unlock(&c->lock);
  call(c, n);
}

static unsigned hanging(luv_crew *c) {
  unsigned n;
  pthread_mutex_lock(&c->lock);
  n = c->inside;
  pthread_mutex_unlock(&c->lock);
  return n;
}

static luv_fsreq *first(luv_crew *c) {
  luv_fsreq *r;
  pthread_mutex_lock(&c->lock);
  r = queue_empty(&c->todo) ? NULL : luv_container(c->todo.next, luv_fsreq, pool);
  pthread_mutex_unlock(&c->lock);
  return r;
}

/* The state ends and has taken back what no thread had: all workers leave, but for those
 * that hang in a call. */
void luv__crew_stop(luv_crew *c) {
  uint64_t until = uv_hrtime() + LEAVING;
  luv_fsreq *r;
  unsigned i;
  __atomic_store_n(&c->stop, 1, __ATOMIC_RELAXED);
  luv__pool_collect(c->S);
  for (i = 0; i < c->threads; i++)
    if (c->work[i].data) uv_cancel((uv_req_t *)&c->work[i]);
  while (c->threads - c->free > hanging(c) && uv_hrtime() < until) {
    luv__uv_run(c->S, UV_RUN_NOWAIT);
    usleep(20);
  }
  while ((r = first(c))) luv__pool_cancel(r);
  luv__pool_collect(c->S);
}
