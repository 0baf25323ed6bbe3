/* stream.h - what stream.c, read.c, write.c and accept.c share. */
#ifndef LUV_STREAM_H
#define LUV_STREAM_H

#include "luv.h"

/* The stream at 1; NULL when it is closed (the face returns EBADF). Raises for
 * anything that is not a stream. */
luv_stream *luv__check_stream(luv_state *S, lua_State *L, const char *fname);
void luv__read_service(luv_stream *s);
void luv__read_end(luv_stream *s, int err);

#endif
