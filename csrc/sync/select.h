/* select.h - what the files of luv.select share.
 *
 * Each case is a wait record of its own, in a small luv_fiber that never runs Lua code: its
 * `base` is a Lua thread with the object and arguments where a suspended call has them,
 * so any operation of any module can serve it. A case that ends does so through luv__wake
 * like any wait; luv__case_done then unlinks all the others, before anything else can
 * happen, and wakes the fiber. So one case ends, and nothing is taken by the others. */
#ifndef LUV_SELECT_H
#define LUV_SELECT_H

#include "sync.h"

typedef struct luv_choice luv_choice;

typedef struct {
  luv_fiber f;
  luv_choice *sel;
  int nargs;    /* of the method's call, on its thread; -1: a channel */
  int index;
  int asked;    /* the method has been called, and has to wait */
  int linked;
} luv_case;

struct luv_choice {
  luv_fiber *parent;
  int n, winner;
  int waiting;  /* the parent waits */
  uint8_t out;  /* of the winner, once its values have been asked for */
  luv_case v[];
};

/* What stands where on the stack of luv.select's call. */
enum { LUV_AT_CASES = 1, LUV_AT_SELECT, LUV_AT_THREADS };

/* ---- select_case.c: what a script passes ------------------------------------------------ */

/* All that needs memory, before anything has begun. Raises what is wrong with a case. */
luv_choice *luv__select_prepare(luv_state *S, lua_State *L, int n);
/* The case at i, as table, object and name on top of L; returns the table's place. */
int luv__select_case(luv_state *S, lua_State *L, int i);
int luv__is_channel_case(lua_State *L, int t, luv_box **b);

/* ---- select_wait.c: until one has ended ------------------------------------------------- */

extern const luv_op luv__op_select;
/* No case waits any more. */
void luv__select_drop(luv_state *S, luv_choice *s);
/* Whether this case, one of the cases, has what it wants of a channel: it is the winner. */
int luv__select_serve(luv_state *S, luv_case *c);
int luv__select_serve_any(luv_state *S, luv_choice *s);
/* Links all; returns whether one of them has ended at once. */
int luv__select_link(luv_state *S, luv_choice *s);
/* The winner's index and values, on L. */
int luv__select_push(luv_state *S, luv_choice *s, lua_State *L);

#endif
