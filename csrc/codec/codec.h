/* codec.h - Lua values to bytes and back: luv.codec, and what passes between threads.
 *
 * luv__encode writes values into a blob, C memory that any thread may free, send on or
 * decode. docs/codec.md has the format.
 *
 * Some userdata are not copied but shared by all states of the process: a context of ØMQ,
 * a channel of threads. A blob holds one reference to each that it names, until it is
 * freed; so it may be decoded several times, or never. */
#ifndef LUV_CODEC_H
#define LUV_CODEC_H

#include "luv.h"

typedef struct { const luv_shared *kind; uint64_t id; } luv_held;

typedef struct {
  char *p;      /* malloc'd */
  size_t n, cap;
  luv_held *held;
  uint32_t nheld, cap_held;
} luv_blob;

void luv__blob_free(luv_blob *b); /* drops what it holds; a second call does nothing */

enum {
  LUV_CODEC_TRUSTED = 1,     /* of this very process: functions have no seal, none is asked for */
  LUV_CODEC_FUNCTIONS = 2,   /* decode: take functions whatever their seal */
  LUV_CODEC_NO_FUNCTIONS = 4,/* decode: refuse all functions */
  LUV_CODEC_TAKE = 8,        /* encode: the values are on top, and come off: no copies of thousands */
  LUV_CODEC_STAYS = 16,      /* encode: what cannot be copied, and what is not to be, is named, and stays where it is */
  LUV_CODEC_FAR = 64,        /* for another process: functions, and all that passes by name or by reference, stay */
  LUV_CODEC_COPY = 32        /* encode: the values themselves are copied, even those that are to stay */
};

/* Encodes the n values at stack indices first... into b, whose old contents are not looked
 * at. 0, or -1 with a message pushed on L and nothing in b. The message has the whole path:
 * "argument 2: field 'db': userdata". Does not raise; needs 8 free slots on L. */
int luv__encode(luv_state *S, lua_State *L, int first, int n, int flags, luv_blob *b);
/* The same for another process: leaves a list of what stays on L, which the message names by places. */
int luv__encode_far(luv_state *S, lua_State *L, int first, int n, int copy, luv_blob *b);
/* Raises what luv__encode has left on L: a message behind `what`; another value, a finaliser's,
 * unchanged. */
int luv__encode_error(luv_state *S, lua_State *L, const char *what);

/* Pushes the values, returns how many; or pushes a message, "NAME: text: subject", and
 * returns -1. Does not raise; needs 8 free slots on L, and grows its stack for the values. */
int luv__decode(luv_state *S, lua_State *L, const char *data, size_t n, int flags);
/* What another process has sent, whatever it is; the table at `far` has what stands for what has stayed there. */
int luv__decode_far(luv_state *S, lua_State *L, const char *data, size_t n, int far);

#endif
