/* dump.h - what dump.c, ask.c and watchdog.c share. */
#ifndef LUV_DUMP_H
#define LUV_DUMP_H

#include <pthread.h>
#include <stdio.h>
#include "luv.h"

/* What it keeps for each state. */
typedef struct {
  lua_State *displaced; /* whose hook has made room for luv__ask_hook: this one */
  luv_hook hook;
  int barked;           /* about this turn */
  uint64_t watch_ns;    /* how long a turn may be; 0: no watchdog */
  uint64_t watched_turn, hog_since, hogs;
  int ref_slow;
} luv_watch_state;

extern luv_room luv__watch_room;
static inline luv_watch_state *luv__watch(luv_state *S) { return luv__room_data(S, &luv__watch_room); }

/* Asks S for what the bits of dump_wanted say. From any thread, and from signal handlers. */
void luv__ask(luv_state *S, int what);

/* One state's dump, malloc'd; NULL: no memory, or an error that is on W then. */
char *luv__dump_text(luv_state *S, lua_State *W, size_t *n);
void luv__hog_report(luv_state *S, lua_State *W);
void luv__dump_answer(luv_state *S, lua_State *W);
void luv__dump_gone(luv_state *S);

void luv__ask_hook(lua_State *L, lua_Debug *ar); /* on the thread asked for a dump */
void luv__ask_open(luv_state *S);
void luv__ask_nudge(luv_state *S);
void luv__dump_asked(luv_state *S, lua_State *W, int at_hook);

#endif
