/* link.h - what states of several threads share, and how one wakes the other's fibers.
 *
 * A core is the shared thing: a thread, a channel, a pool. A link is the object by which
 * one state holds a core; its fibers wait in it. While they do, the link hangs in one of
 * the core's lists of bells. Who changes the core rings a bell there, which marks that
 * state; it serves its links itself, at its next poll, on its own thread.
 *
 *   1. A core is changed under its lock only. A state is rung under the lock of a core in
 *      which a link of it hangs: so the state is there.
 *   2. Whatever can be taken rings one bell. A link that has been served and finds more to
 *      take, or that was rung and wants nothing any more, rings the next: no wake-up is lost.
 *      But while one link only hangs at a bell, and has been rung, it need not be rung again
 *      (told): it is served after that, and who serves it clears the mark before it looks. */
#ifndef LUV_LINK_H
#define LUV_LINK_H

#include <pthread.h>
#include "codec.h"

typedef struct luv_core luv_core;
typedef struct luv_link luv_link;

enum { LUV_BELL_GET, LUV_BELL_PUT, LUV_BELLS };

typedef struct {
  void (*serve)(luv_link *k);     /* wakes the fibers of k that have what they wait for; locked */
  int (*ready)(luv_core *c, int bell); /* has another link at this bell something to do? locked */
  void (*served)(luv_link *k);    /* NULL, or what is left to do without the lock */
  void (*free)(luv_core *c);
} luv_core_kind;

struct luv_core {
  const luv_core_kind *kind;
  pthread_mutex_t lock;
  int refs;
  luv_queue bells[LUV_BELLS];
  uint32_t wanted;               /* fibers of all states that wait to get */
  int hanging[LUV_BELLS];        /* links at each bell; atomic, so that who changes the core
                                    without the lock sees whether anybody waits */
  int told[LUV_BELLS];           /* atomic: a link that hangs there has been rung, and not served */
};

struct luv_link {
  luv_object o;                  /* those who wait to get are its waiters */
  luv_queue senders;             /* those who wait to put */
  luv_queue bell[LUV_BELLS];     /* in core->bells */
  luv_queue node;                /* in S->links: it hangs somewhere */
  luv_core *core;
  uint32_t wanted;               /* how many of core->wanted are this state's */
  luv_fiber *by;                 /* the last that was counted there is a case of this one's luv.select */
  uint32_t left;                 /* of these, no longer: they left while a lock was held */
  int untaken;                   /* of a thread: its error was reported, no join has had it */
  uint32_t own;                  /* of core->wanted, those that no sender here can serve, since they
                                    are its own luv.select's: the fewest of any sender; locked */
  int keep;                      /* it stays at the bell GET though no fiber waits */
};

void luv__core_init(luv_core *c, const luv_core_kind *kind);
void luv__core_hold(luv_core *c);
void luv__core_drop(luv_core *c);
int luv__core_revive(luv_core *c);              /* holds it, unless its last reference is gone */
void luv__core_ring(luv_core *c, int bell);     /* one of those that hang there; locked */
void luv__core_tell(luv_core *c, int bell);
void luv__core_ring_all(luv_core *c, int bell); /* locked */

/* Takes over a reference to c. NULL: no memory, and the reference is given back. */
luv_link *luv__link_new(luv_state *S, int class_id, luv_core *c);
void luv__link_hang(luv_link *k, int bell);
void luv__link_unhang(luv_link *k);
void luv__link_wake(luv_link *k, luv_fiber *f, int out); /* one that waits to get */
void luv__link_wake_error(luv_link *k, luv_fiber *f, int err);
int luv__link_begin(luv_state *S, luv_fiber *f);     /* of a wait to get */
void luv__link_abandon(luv_state *S, luv_fiber *f);
int luv__link_begin_put(luv_state *S, luv_fiber *f);

extern const luv_op luv__op_thread_join, luv__op_thread_get;

void luv__link_closing(luv_object *o); /* of every class of links */

void luv__links_serve(luv_state *S);

#endif
