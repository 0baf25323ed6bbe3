/* bytes.h - strings of bytes that others may take away: bytes.c. */
#ifndef LUV_BYTES_H
#define LUV_BYTES_H

#include "luv.h"

/* Bytes that stay as they are until `release` (or NULL) has been called with ud. */
typedef struct { const char *p; size_t n; void (*release)(void *ud); void *ud; } luv_bytes;

/* Pushes on L, the thread that runs, how many they are, if `counted`, and a string of them;
 * returns how many values. They are released, also when it raises (memory). */
int luv__push_bytes(luv_state *S, lua_State *L, int counted, luv_bytes h);

/* Pushes what fn makes of ud, which is then released, also when it raises; returns how many values.
 * again: fn may be called again, when a finaliser has failed meanwhile or as fn had ended. */
typedef struct { int (*fn)(lua_State *L, void *ud); void (*release)(void *ud); void *ud; int again; } luv_maker;
int luv__push_safely(luv_state *S, lua_State *L, luv_maker m);

/* The same as luv__push_bytes on a thread that waits, for a callback: nonzero if there is no memory. */
int luv__bytes_to(luv_state *S, lua_State *to, int counted, const char *p, size_t n);

#endif
