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

/* ---- timer.c ----------------------------------------------------------------- */

typedef struct {
  luv_object o;
  luv_due due;
  uint64_t repeat; /* ns; 0: once */
} luv_timer;

extern const luv_op luv__op_timer;

/* ---- stream.c, read.c, write.c, accept.c ------------------------------------- */

#define LUV_READ_SIZE 131072      /* the loop's one read buffer */
#define LUV_ARENA 65536
#define LUV_ARENA_PIECE 2048      /* what is longer is made a string at once */
#define LUV_HIGH_WATER 262144     /* unread bytes at which reading stops */
#define LUV_ACCEPT_AHEAD 64       /* connections taken before accept() asks */

typedef struct { char *p; size_t head, len, cap; uint32_t changes; } luv_buffer;

typedef struct luv_write luv_write;
typedef struct luv_engine luv_engine;

struct luv_stream {
  luv_object o;
  luv_queue readers, writers;
  luv_queue accepted;   /* streams that no accept() has taken, by o.link */
  luv_queue unread;     /* in the state's: libuv says that there is something to read */
  luv_write *writing;   /* the one request that libuv has, or NULL */
  luv_buffer in;
  size_t scanned;       /* bytes of `in` without the head reader's delimiter */
  int naccepted;
  int refused;          /* why a handle that came could not be taken: the next accept() tells */
  int fed;              /* a whole buffer went to a reader, who may not have run since */
  int error;            /* what ended the stream: UV_EOF or an error */
  uv_connect_t connect;
  struct luv_std *std;     /* what libuv cannot read and write for us: stdio_io.c */
  struct luv_bound *bound; /* the file of a unix socket: pipe.c */
  struct luv_sockopt *options; /* for the first descriptor: sockopt.c */
  luv_queue watchers;      /* fibers that wait until it is ready: ready.c */
  uint8_t watched;         /* its descriptor is in the hub */
  const luv_engine *engine; /* what reads and writes in libuv's place: stream.h */
  luv_stream *upper;        /* the stream with an engine that has taken this one, or NULL */
  luv_stream *(*wrap)(luv_stream *server, luv_stream *c); /* of a listener: what accept gives of c */
  union { uv_stream_t s; uv_tcp_t tcp; uv_pipe_t pipe; uv_tty_t tty; } h;
};

luv_stream *luv__stream_new(luv_state *S, int class_id);
luv_stream *luv__stream_sized(luv_state *S, int class_id, size_t size); /* a luv_stream first, and more */
int luv__tcp_connect(luv_stream *s, const struct sockaddr *addr);
int luv__listen(luv_stream *s, int backlog);
void luv_on_connection(uv_stream_t *h, int status);
void luv__unix_unbind(struct luv_bound **bound);
void luv__options_free(luv_stream *s);
void luv__ready_serve(luv_stream *s);
void luv__ready_closing(luv_stream *s);
void luv__pipe_keep(luv_stream *s);
/* Something that the kernel does not know of has changed. */
static inline void luv__ready_look(luv_stream *s) {
  if (LUV_UNLIKELY(!queue_empty(&s->watchers))) luv__ready_serve(s);
}
void luv__accept_arrived(luv_stream *s, luv_object *c);
void luv__accept_failed(luv_stream *s, int err);
void luv__handles_arrived(luv_stream *s);
luv_object *luv__adopt(luv_state *S, int fd);
luv_stream *luv__tty_new(luv_state *S, uv_loop_t *loop, int fd, int *err);
void luv__tty_closing(luv_stream *s);
void luv__tty_default(int sig);
int luv__buffer_append(luv_buffer *b, const char *p, size_t n);
int luv__buffer_prepend(luv_buffer *b, const char *p, size_t n);
void luv__buffer_consume(luv_buffer *b, size_t n);
char *luv__buffer_hold(luv_buffer *b); /* its block, which stays as it is until it is released */
void luv__block_release(char *p);
void luv__buffer_free(luv_buffer *b);
void luv__stream_read_more(luv_stream *s);
void luv__stream_read_stop(luv_stream *s);
void luv__write_closing(luv_stream *s);
void luv__accept_closing(luv_stream *s);
void luv__write_next(luv_stream *s);
uint64_t luv__check_data(luv_state *S, lua_State *L, int idx, int arg, const char *fname);
unsigned luv__gather(lua_State *L, int idx, size_t skip, uv_buf_t *bufs, unsigned max);

/* ---- fs_*.c: what the rest of the data plane knows of files ------------------- */


/* ---- udp*.c, poll_fd.c: what the rest of the data plane knows of them -------- */

typedef struct { const char *p; const struct sockaddr *from; int truncated; } luv_go_datagram;
int luv__udp_new(uv_loop_t *loop, int family, luv_object **to);
int luv__udp_family(luv_object *o);
int luv__udp_open(luv_object *o, int fd);
int luv__udp_connect(luv_object *o, const struct sockaddr *to);
int luv__udp_socket(luv_object *o, int family, int reuseport);
int luv__unixgram_bind(luv_object *o, const char *path, size_t n, int mode, int replace);
int luv__unixgram_connect(luv_object *o, const char *path, size_t n);
int luv__unixgram_open(luv_object *o, int fd);

/* ---- tls.c: what Go and the rest of the data plane know of it --------------- */

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

/* ---- process.c --------------------------------------------------------------------- */

int luv_process_run(lua_State *L);

/* ---- link.c, thread_*.c: what the rest of the data plane knows of threads ---- */


/* ---- zmq_*.c: what the rest of the data plane knows of ØMQ ------------------ */

enum { LUV_ZMQ_TABLE = 1, LUV_ZMQ_AGAIN = 2, LUV_ZMQ_EVENT = 4,
       LUV_ZMQ_PACKED = 8 }; /* in wait.arg: see zmq_recv.c */
int luv_zmq_send(lua_State *L);
int luv_zmq_recv(lua_State *L);
int luv_zmq_try_send(luv_state *S, const void *box, const char *p, size_t n);
int luv_zmq_try_recv(luv_state *S, const void *box, char *to);


#endif
