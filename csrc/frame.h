/* frame.h - what frame.c, pool.c and coroutine.c share about frames. */
#ifndef LUV_FRAME_H
#define LUV_FRAME_H

#include "luv.h"

/* Slots that a suspended C call has free without growing its thread's stack. */
#define LUV_MIN_ROOM 12

/* Counts the frames that fr is to stand on; raises when there are too many. */
void luv__frame_depth(luv_state *S, lua_State *L, luv_frame *fr);
int luv__frame_run(luv_state *S, lua_State *L, luv_chain *c, luv_frame *fr,
                   luv_frame *inner, int nargs);
int luv__frame_end(luv_state *S, luv_frame *fr, lua_State *to, lua_State *W, int failed);
int luv__frame_yielded(luv_frame *inner, luv_frame *co, lua_State *from, int n,
                       lua_State *to);
luv_frame *luv__frame_detached(lua_State *co);

/* pool.c: idle threads for pcall and timeout. */
int luv__pool_take(luv_state *S, lua_State *L, luv_frame *fr, int kind, int keep);
void luv__pool_give(luv_state *S, luv_frame *fr, lua_State *to, int failed);
/* Moves a record from the C stack to L's, and its thread from the pool to L's. */
void luv__promote(luv_state *S, lua_State *L, luv_frame *fr);

/* traceback.c */
void luv__traceback_frames(luv_state *S, luv_frame *fr, lua_State *W, const char *msg);
/* Remembers the traceback of an error that goes on from frame fr to its parent. */
void luv__keep_traceback(luv_state *S, luv_frame *fr, lua_State *W);

#endif
