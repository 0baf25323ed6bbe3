/* readiness.h - what a descriptor is ready for, and waiting for it in an epoll: what luv.poll
 * (poll_fd.c) and stream:wait (ready.c) share. */
#ifndef LUV_READINESS_H
#define LUV_READINESS_H

#include "luv.h"

enum { LUV_READ = 1, LUV_WRITE = 2 };

/* "r", "w" or "rw" at 2, the first argument of wait. */
int luv__readiness_wanted(luv_state *S, lua_State *L);

/* What of `wanted` fd is ready for; an error, such as UV_EBADF. What has ended, or failed, is
 * ready: the next read or write will tell. */
int luv__readiness(int fd, int wanted);

/* Arms fd in an epoll for the next event of what is wanted, which then has `data`. */
int luv__readiness_arm(int epoll, int fd, int wanted, void *data);

int luv__push_readiness(lua_State *L, int is);
/* The `deliver` of the operations that wait for it: wait.arg says for what it is ready. */
int luv__deliver_readiness(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W);

/* Offers each fiber of `all` to `serve`, which returns whether it has woken it. A case of a luv.select
 * takes the others along, which may wait here, too: so it begins again after each. */
static inline void luv__readiness_serve(luv_queue *all, void *on, int (*serve)(void *on, luv_fiber *f)) {
  luv_queue *q = all->next;
  while (q != all) q = serve(on, luv_container(q, luv_fiber, wait.node)) ? all->next : q->next;
}

#endif
