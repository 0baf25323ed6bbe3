/* luvsignal.h - watchers of signals, for those who make them. */
#ifndef LUV_SIGNAL_H
#define LUV_SIGNAL_H

#include "luv.h"

typedef struct {
  luv_object o;
  luv_queue link; /* in the state's watchers, while it runs */
  int signum;
} luv_signal;

luv_object *luv__signal_new(luv_state *S);
int luv__signal_start(luv_object *o, int sig);
void luv__signal_stop(luv_object *o);

#endif
