/* poll_set.h - what luv.poll (poll_fd.c) and luv.poll.set (poll_set.c) share. */
#ifndef LUV_POLL_SET_H
#define LUV_POLL_SET_H

#include "readiness.h"

typedef struct {
  luv_object o;
  uv_poll_t h;  /* of `epoll`; right behind the object, where luv__handle looks for it */
  int epoll;    /* ours */
  int fd;       /* not ours, but of a set: the epoll in which its descriptors are */
} luv_poll;

extern luv_class luv__class_poll, luv__class_pollset;
extern luv_room luv__poll_room; /* keeps for each state how many waits did not wait */

int luv__poll_watch(luv_state *S, luv_poll *p); /* p->fd; after an error nothing is left of it */
void luv__poll_unwatch(luv_poll *p);
int luv__poll_begin(luv_state *S, luv_fiber *f); /* `begin` of a wait: wait.arg is what it wants */
/* The descriptor that idx stands for, a number or an object with fileno(). -1: what that has returned, and is
 * no descriptor, is on top, three values. May raise. */
int luv__poll_fd(luv_state *S, lua_State *L, int idx, int arg, const char *fname);

#endif
