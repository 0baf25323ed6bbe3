/* process_watch.c - how a state hears that a child has ended.
 *
 * SIGCHLD tells it (signal.c), but belongs to the whole process: whoever else sets a handler takes
 * it away. So there is a descriptor for each child, which can be read when it has ended. Where the
 * kernel gives none (before Linux 5.3, or all are in use) a timer looks now and then. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
#include "luvprocess.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#define LOOK 200 /* ms between two looks at a child without a descriptor */

struct luv_vigil {
  union { uv_handle_t h; uv_poll_t poll; uv_timer_t timer; } u;
  luv_process *p; /* NULL: it has ended, or is nobody's any more */
  int fd;         /* -1: the timer looks */
};

static void on_closed(uv_handle_t *h) {
  struct luv_vigil *v = (struct luv_vigil *)h;
  if (v->fd >= 0) close(v->fd);
  free(v);
}

static void look(struct luv_vigil *v) {
  if (v->p && luv__child_ended(v->p)) uv_stop(v->u.h.loop); /* before it waits for the next timer */
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  (void)status;
  (void)events;
  look((struct luv_vigil *)poll);
}

static void on_time(uv_timer_t *timer) { look((struct luv_vigil *)timer); }

static int by_descriptor(uv_loop_t *loop, struct luv_vigil *v, pid_t pid) {
  int err;
  v->fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (v->fd < 0) return UV_ENOSYS;
  err = uv_poll_init(loop, &v->u.poll, v->fd);
  if (!err) return uv_poll_start(&v->u.poll, UV_READABLE, on_readable);
  close(v->fd);
  v->fd = -1;
  return err;
}

static void by_time(uv_loop_t *loop, struct luv_vigil *v) {
  uv_timer_init(loop, &v->u.timer);
  uv_timer_start(&v->u.timer, on_time, LOOK, LOOK);
}

struct luv_vigil *luv__vigil_new(void) { return calloc(1, sizeof(struct luv_vigil)); }

void luv__vigil_begin(luv_state *S, luv_process *p, struct luv_vigil *v) {
  v->p = p;
  p->vigil = v;
  if (by_descriptor(S->loop, v, p->pid)) by_time(S->loop, v);
  v->u.h.data = NULL; /* it is no object's */
  uv_unref(&v->u.h);
}

void luv__vigil_end(luv_process *p) {
  struct luv_vigil *v = p->vigil;
  if (!v) return;
  p->vigil = NULL;
  v->p = NULL;
  uv_close(&v->u.h, on_closed);
}
