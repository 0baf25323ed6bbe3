/* luvsignal.h - watchers of signals, for those who make them. */
#ifndef LUV_SIGNAL_H
#define LUV_SIGNAL_H

#include "luv.h"

extern luv_class luv__class_signal;

typedef struct {
  luv_object o;
  luv_queue link; /* in the state's watchers, while it runs */
  int signum;
} luv_signal;

luv_object *luv__signal_new(luv_state *S);
int luv__signal_start(luv_object *o, int sig);
void luv__signal_stop(luv_object *o);

/* signal.c: of SIGINT, SIGCHLD, and for the state. */
int luv__signal_is_ours(const struct sigaction *now);
void luv__signals_arrived(luv_state *S);
void luv__signals_free(luv_state *S);
void luv__signals_forked(void);
/* From now on `reap` is called when children may have ended. */
int luv__children_watch(luv_state *S, void (*reap)(luv_state *S));
void luv__children_forget(luv_state *S);

/* interrupt.c */
void luv__interrupt_enter(luv_state *S);
void luv__interrupt_leave(luv_state *S);
void luv__interrupt_forget(luv_state *S);
void luv__interrupt_again(void);
void luv__interrupt_nudge(luv_state *S);

/* What it keeps for each state. */
typedef struct {
  struct luv_signals *signals; /* NULL: none has been watched; read by signal handlers */
  uv_signal_t *sigchld;        /* NULL: no process has been spawned */
} luv_signal_kept;

extern luv_room luv__signal_room;
static inline luv_signal_kept *luv__signal_kept(luv_state *S) { return luv__room_data(S, &luv__signal_room); }

#endif
