/* codec_format.h - the bytes of a message, and what the codec_*.c files share.
 *
 * docs/codec.md is the description for others; the numbers here are the same. A value that
 * is referred to again has the odd one of its two tags: the encoder sets that bit when the
 * second mention comes, which names the first by its offset. So what is mentioned once,
 * nearly everything, costs the decoder nothing to remember. */
#ifndef LUV_CODEC_FORMAT_H
#define LUV_CODEC_FORMAT_H

#include "codec.h"

enum {
  TAG_NIL, TAG_FALSE, TAG_TRUE,
  TAG_DOUBLE,       /* 8 bytes, little endian */
  TAG_INTEGER,      /* varint */
  TAG_NEGATIVE,     /* varint n stands for -n */
  TAG_STRING,       /* varint length, bytes */
  TAG_STRING_SHARED,
  TAG_TABLE,        /* varint items, u32 pairs; the items; key, value, ... */
  TAG_TABLE_SHARED,
  TAG_FUNCTION,     /* u32 length, bytecode, byte upvalues; the cells; values of own cells */
  TAG_FUNCTION_SHARED,
  TAG_HOOK,         /* decoder: a string or a function; value */
  TAG_HOOK_SHARED,
  TAG_OBJECT,       /* short name of the class, 8 bytes process, varint id */
  TAG_OBJECT_SHARED,
  TAG_REF,          /* varint offset of the first mention */
  TAG_LIBRARY,      /* short name of the library, short name in it */
  TAG_CANCELLED,    /* a table that luv.cancelled recognises follows */
  TAG_STAYS,        /* 8 bytes: what stays where it is; never in a string */
  TAG_SHORT = 0x40, /* + length, 0 to 63: a string */
  TAG_SMALL = 0x80  /* + 0 to 127: that integer */
};

enum { CELL, CELL_SHARED, CELL_REF }; /* CELL_REF: varint offset of the other function's cell */

#define CODEC_VERSION 1
#define CODEC_HEAD 2       /* version, flags */
enum { CODEC_CODE = 1, CODEC_SEALED = 2 };
#define CODEC_SEAL 32      /* HMAC-SHA256, the last bytes */
#define CODEC_KIND 96      /* most bytes of the bytecode's kind, with the zero */

#define CODEC_INLINE 40    /* strings up to here are copied at each mention */
#define CODEC_INTEGER 562949953421312.0 /* 2^49: above it a varint is longer than a double */
#define CODEC_DEPTH 1000000
#define CODEC_FAR_DEPTH 1000 /* of what another process has sent */
#define CODEC_ON_STACK 150 /* deeper levels keep what they have in a Lua table */
#define CODEC_UPVALUES 64
#define CODEC_VALUES 7000  /* of one message: what a C function can return */

/* What a state knows of the libraries, made by codec_library.c. */
typedef struct { const void *p; uint32_t i; } luv_known;
typedef struct { const char *name; uint32_t first, end; } luv_library;
#define CODEC_LIBRARIES 256
typedef struct luv_codec_state {
  int ref;                /* the list of the values */
  int ref_encode, ref_decode, ref_push, ref_grow; /* C functions that raise */
  int ref_hook;           /* "__codec" */
  uint32_t n, cap;
  uint32_t *names;        /* of value i, from 1: where in `text` */
  char *text;             /* names, each with its zero */
  size_t ntext, cap_text;
  int complete;           /* classes and what is loaded late are in it, and the index */
  luv_known *known;       /* by pointer; a power of two */
  uint32_t mask;
  int nlibs;
  luv_library libs[CODEC_LIBRARIES];
  char kind[CODEC_KIND];  /* of this state's bytecode; "": not asked yet */
  char head[16];          /* what its bytecode begins with */
  int nhead;
  int layout;             /* may upvalues be looked at in memory? see codec_upvalue.c */
} luv_codec_state;

void luv__library_complete(luv_state *S, lua_State *L);
/* The number of the library value with that address; 0: it is none. */
static inline uint32_t luv__library_find(const luv_codec_state *c, const void *p) {
  uint32_t i = (uint32_t)(((uintptr_t)p >> 4) * 2654435761u) & c->mask;
  for (; c->known[i].p; i = (i + 1) & c->mask)
    if (c->known[i].p == p) return c->known[i].i;
  return 0;
}
const char *luv__library_name(const luv_codec_state *c, uint32_t i, const char **lib);
int luv__library_push(luv_state *S, lua_State *L, const char *lib, size_t nlib,
                      const char *name, size_t n);

/* codec_upvalue.c, codec_function.c */
void luv__upvalue_ready(luv_state *S, lua_State *L);
const void *luv__upvalue_id(luv_state *S, lua_State *L, int idx, int i);
int luv__upvalue_join(luv_state *S, lua_State *L, int f, int i, int g, int j);
const char *luv__bytecode_kind(luv_state *S, lua_State *L);
int luv__bytecode_fits(luv_state *S, const char *p, size_t n);

/* codec_blob.c */
const luv_shared *luv__shared_named(const char *name, size_t n);
uint64_t luv__process(void);

int luv__codec_push_blob(lua_State *L);
int luv__encode_protected(lua_State *L);
int luv__decode_protected(lua_State *L);
int luv__grow_stack(luv_state *S, lua_State *L, int n);

/* codec_decode.c: what the script may ask for */
typedef struct {
  int flags;
  size_t depth;
  int hooks; /* stack index of a table of decoders by name; 0: none */
  int far;   /* of one with what stays; 0: there is nothing of that kind */
} luv_decoding;
int luv__decode_with(luv_state *S, lua_State *L, const char *data, size_t n, const luv_decoding *how);
int luv__codec_error(lua_State *L, int err, const char *fmt, ...);

extern const luv_namer luv__codec_namer;
void luv__codec_close(luv_state *S);

extern luv_room luv__codec_room;
#define luv__codec_of(S) ((luv_codec_state *)luv__room_data(S, &luv__codec_room))

#endif
