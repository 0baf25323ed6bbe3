/* stream.h - what stream.c, read.c, record.c, write.c and accept.c share. */
#ifndef LUV_STREAM_H
#define LUV_STREAM_H

#include "luv.h"

/* The stream at 1; NULL when it is closed (the face returns EBADF). Raises for
 * anything that is not a stream. */
luv_stream *luv__check_stream(luv_state *S, lua_State *L, const char *fname);
void luv__read_service(luv_stream *s);
void luv__read_end(luv_stream *s, int err);

/* Nobody else writes until it is released; `closed` is called when the stream closes. */
typedef struct luv_hold luv_hold;
luv_hold *luv__write_hold(luv_stream *s, void (*closed)(void *ud), void *ud);
void luv__write_release(luv_hold *h);

typedef struct { const char *p; size_t n; } luv_view;
typedef struct { size_t take, skip; int err; } luv_cut;
enum { LUV_MORE, LUV_CUT, LUV_END }; /* there is too little, enough, the end of the stream */
int luv__record(luv_stream *s, lua_State *L, int op, uint64_t arg, luv_view v, luv_cut *c);

#endif
