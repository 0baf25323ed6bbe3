/* dump.h - what dump.c, ask.c and watchdog.c share. */
#ifndef LUV_DUMP_H
#define LUV_DUMP_H

#include <pthread.h>
#include <stdio.h>
#include "sync.h"

/* The states of this process. Who holds the lock may walk the list and look into them; a
 * signal handler walks it without (ask.c). */
extern pthread_mutex_t luv__states_lock;
extern luv_state *luv__states;

/* Asks S for what the bits of dump_wanted say. From any thread, and from signal handlers. */
void luv__ask(luv_state *S, int what);

/* One state's dump, malloc'd; NULL: no memory, or an error that is on W then. */
char *luv__dump_text(luv_state *S, lua_State *W, size_t *n);
void luv__write_wait(luv_state *S, luv_fiber *f, FILE *out);
void luv__hog_report(luv_state *S, lua_State *W);
void luv__dump_answer(luv_state *S, lua_State *W);
void luv__dump_gone(luv_state *S);

#endif
