/* tls.h - what tls.c, tls_write.c and tls_check.c share. */
#ifndef LUV_TLS_H
#define LUV_TLS_H

#include "stream.h"

extern luv_class luv__class_tls, luv__class_tls_listener;

int luv__tls_possible(luv_stream *s);
luv_object *luv__tls_new(luv_stream *under);
void luv__tls_listens(luv_stream *s);
luv_object *luv__tls_base(luv_object *o);
void luv__tls_started(luv_object *o);
int luv__tls_is_fresh(luv_object *o);
void luv__tls_start_fresh(luv_object *o);
void luv__tls_stirred(luv_object *o);
void luv__tls_shaken(luv_object *o, int err);
struct luv_values;
int luv__tls_check(luv_state *S, int ref, double id, struct luv_values *args);

/* A connection: a stream whose bytes are records of the stream below, opened and sealed by Go. */
typedef struct {
  luv_stream s;
  luv_stream *under; /* whose only owner it is; NULL: closed */
  luv_write *w;      /* a writer that waits for the handshake, or for what has been sealed to go */
  uint64_t done;     /* of its bytes: sealed */
  char *why;         /* what is wrong, as Go says it */
  int failed;        /* why nothing can be sent any more */
  uint8_t phase;
  uint8_t sending;   /* the stream below has bytes that it has not written */
  uint8_t ends;      /* w is a shutdown */
  uint8_t held;      /* the handshake has more bytes than it takes: nothing is read meanwhile */
  uint8_t owes;      /* Go has something to send by itself */
} luv_tls;

enum { LUV_TLS_FRESH, LUV_TLS_SHAKING, LUV_TLS_READY, LUV_TLS_BROKEN }; /* phase */

#define LUV_TLS_PIECE 65536  /* plain bytes that are sealed at a time */
#define LUV_TLS_BLOCK 180224 /* holds the records of a piece, and all that is plain in a read buffer */

/* What it keeps for each state. */
#define LUV_TLS_IDLE 2
typedef struct { char *blocks[LUV_TLS_IDLE]; } luv_tls_state; /* that lie idle */
extern luv_room luv__tls_room;
#define luv__tls_of(S) ((luv_tls_state *)luv__room_data(S, &luv__tls_room))
void luv__tls_freed(luv_state *S);

/* Memory for one call into Go. Who holds it may call whatever runs code of a script. */
char *luv__tls_block(luv_state *S);
void luv__tls_block_done(luv_state *S, char *block);

void luv__tls_start(luv_tls *t);
luv_record luv__tls_record(luv_tls *t, int what);

/* tls_write.c */
int luv__tls_put(luv_stream *s, const uv_buf_t *bufs, unsigned n);
int luv__tls_write(luv_stream *s, luv_write *w, uint64_t done);
int luv__tls_shutdown(luv_stream *s, luv_write *w);
uint64_t luv__tls_unwritten(luv_stream *s);
int luv__tls_flush(luv_tls *t); /* what Go has to send by itself */
void luv__tls_pump(luv_tls *t); /* goes on with the writer */
void luv__tls_last_words(luv_tls *t);

#endif
