/* object.h - what a userdata stands for: objects, timers, streams.
 * A part of luv.h, which includes it: the others rest on what that defines first. */
#ifndef LUV_OBJECT_H
#define LUV_OBJECT_H

/* ---- object.c: what a userdata stands for --------------------------------- */

#define LUV_MAX_CLASSES 64
typedef struct luv_class luv_class; /* room.h */
/* What goEvent and a Go handle's callbacks are about. */
enum { LUV_EV_FIRED, LUV_EV_CONNECTION, LUV_EV_CONNECT, LUV_EV_READ, LUV_EV_WRITE,
       LUV_EV_SHUTDOWN, LUV_EV_ADDRINFO, LUV_EV_CLOSED, LUV_EV_LEAVE };

typedef struct { const char *p; const struct sockaddr *from; int truncated; } luv_go_datagram;

enum {
  LUV_O_HANDLE = 1,   /* has libuv handle memory, which must be closed */
  LUV_O_CLOSING = 2,  /* closed for the script; the close callback may be pending */
  LUV_O_STREAM = 4,
  LUV_O_GO = 8,       /* events go to Go, by slot number */
  LUV_O_READING = 16,
  LUV_O_EOF = 32,     /* the stream has ended; wait for the buffer to drain */
  LUV_O_LISTENING = 64,
  LUV_O_CONNECTING = 128,
  LUV_O_FLOWING = 256, /* stream:start() asked for reading ahead */
  LUV_O_HELD = 512,    /* a connection waits in libuv because `accepted` is full */
  LUV_O_SHUT = 1024,   /* shutdown has begun: no more writes */
  LUV_O_LINK = 4096,   /* to what threads share: link.h */
  LUV_O_SHY = 8192,    /* a descriptor whose flags are not ours: it stays blocking */
  LUV_O_SOCKET = 16384 /* a connected socket: its bytes go by recv and send (socket.h) */
};

/* The userdata. `magic` tells it from any other userdata of the same size, which is
 * cheaper to see than whose metatable it has; `o` is NULL once the handle is closed. */
typedef struct {
  const void *magic; /* &luv__magic */
  luv_object *o;
  uint32_t class_id;
  uint32_t spare[3]; /* an uncommon size */
} luv_box;
extern const char luv__magic;

struct luv_object {
  luv_state *S;       /* NULL: made by Go alone */
  luv_box *box;       /* NULL: no userdata (yet, or any more) */
  luv_queue link;     /* in state->objects */
  luv_queue waiters;
  uint64_t slot;      /* Go's slot number and generation; 0: none */
  uint64_t events;    /* that no wait has taken yet */
  char *made;         /* LUV_DEBUG=leaks: the line that made it */
  uint32_t flags;
  uint8_t class_id;
  uint8_t uv_type;
};

luv_object *luv__object_new(luv_state *S, int class_id, size_t size);
luv_object *luv__handle_new(luv_state *S, int class_id, int uv_type);
uv_handle_t *luv__handle(luv_object *o);
void luv__object_close(luv_object *o);
void luv__handle_free(uv_handle_t *h);
void luv__object_dispose(luv_object *o);
luv_box *luv__push_box(luv_state *S, lua_State *W, int class_id);
void luv__push_object(luv_state *S, lua_State *W, luv_object *o);
/* A new object without a handle, and its userdata. Raises without memory; returns 1. */
int luv__make(luv_state *S, lua_State *L, int class_id, size_t size, luv_object **o);
/* The luv userdata at idx, of whatever class; NULL for anything else. */
static inline luv_box *luv__anybox(lua_State *L, int idx) {
  luv_box *b = lua_touserdata(L, idx);
  if (LUV_LIKELY(b && lua_objlen(L, idx) == sizeof *b && b->magic == &luv__magic)) return b;
  return NULL;
}
static inline luv_box *luv__tobox(lua_State *L, int idx, int class_id) {
  luv_box *b = luv__anybox(L, idx);
  return b && b->class_id == (uint32_t)class_id ? b : NULL;
}
void luv__handle_close(luv_object *o);
int luv__descriptor(luv_object *o, uv_os_fd_t *fd); /* or an error */
int luv__class_of(luv_state *S, lua_State *L, int idx);

/* ---- buffer.c: bytes that have come and wait to be taken ---------------------- */

#define LUV_READ_SIZE 131072      /* the loop's one read buffer */
#define LUV_ARENA 65536
#define LUV_ARENA_PIECE 2048      /* what is longer is made a string at once */
#define LUV_HIGH_WATER 262144     /* unread bytes at which reading stops */

typedef struct { char *p; size_t head, len, cap; uint32_t changes; } luv_buffer;

int luv__buffer_append(luv_buffer *b, const char *p, size_t n);
int luv__buffer_prepend(luv_buffer *b, const char *p, size_t n);
void luv__buffer_consume(luv_buffer *b, size_t n);
char *luv__buffer_hold(luv_buffer *b); /* its block, which stays as it is until it is released */
void luv__block_release(char *p);
void luv__buffer_free(luv_buffer *b);

#endif
