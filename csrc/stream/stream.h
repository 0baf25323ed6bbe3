/* stream.h - what stream.c, read.c, record.c, write.c and accept.c share. */
#ifndef LUV_STREAM_H
#define LUV_STREAM_H

#include "luv.h"

extern luv_class luv__class_tcp, luv__class_pipe, luv__class_tty, luv__class_stdio;

typedef struct luv_stream luv_stream;
#define LUV_ACCEPT_AHEAD 64       /* connections taken before accept() asks */

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
  uint8_t family_given;    /* the script has said it: bound as it is, sockopt.c */
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
void luv__stream_read_more(luv_stream *s);
void luv__stream_read_stop(luv_stream *s);
void luv__write_closing(luv_stream *s);
void luv__accept_closing(luv_stream *s);
void luv__write_next(luv_stream *s);
uint64_t luv__check_data(luv_state *S, lua_State *L, int idx, int arg, const char *fname);
unsigned luv__gather(lua_State *L, int idx, size_t skip, uv_buf_t *bufs, unsigned max);

/* The stream at 1; NULL when it is closed (the face returns EBADF). Raises for
 * anything that is not a stream. */
luv_stream *luv__check_stream(luv_state *S, lua_State *L, const char *fname);
void luv__read_service(luv_stream *s);
void luv__read_end(luv_stream *s, int err);
void luv__got(luv_stream *s, const char *p, size_t n);
int luv__fed_up(luv_stream *s);
int luv__is_stream(const luv_box *b);
int luv__poll_now(luv_stream *s, short events);

/* Handles that nobody has accepted keep a pipe from being read. */
static inline int luv__handles_full(luv_stream *s) {
  return s->naccepted >= LUV_ACCEPT_AHEAD && !(s->o.flags & LUV_O_LISTENING);
}

/* What reads and writes a stream in libuv's place: for files and descriptors that are not ours
 * (stdio_io.c), and where the bytes are made of another stream's (tls.c), which has been taken and
 * hands what it reads to `fed` and `ended` of its `upper`. A write or shutdown that has been begun
 * ends in luv__write_finished, and not before the function has returned. What is NULL libuv does. */
struct luv_engine {
  void (*read_more)(luv_stream *s); /* what comes goes to luv__got and luv__read_end */
  void (*read_stop)(luv_stream *s);
  int (*put)(luv_stream *s, const uv_buf_t *bufs, unsigned n); /* bytes, UV_EAGAIN, or an error */
  int (*write)(luv_stream *s, luv_write *w, uint64_t done); /* what w stands for, behind `done` bytes */
  uint64_t (*unwritten)(luv_stream *s); /* bytes of the write under way, as far as anybody knows */
  void (*closing)(luv_stream *s);
  /* Over another stream: all of these, or none. */
  int (*shutdown)(luv_stream *s, luv_write *w);
  int (*ready)(luv_stream *s, int wanted); /* for which of LUV_READ, LUV_WRITE; later changes it tells by luv__ready_look */
  void (*fed)(luv_stream *s, const char *p, size_t n);
  void (*ended)(luv_stream *s, int err);
};

/* What classes of streams have in common. */
void luv__stream_closing(luv_object *o);
luv_queue *luv__stream_queues(luv_object *o, int i);
#define LUV_STREAM_CLASS LUV_STREAM_CLASS_WITH(0)
#define LUV_STREAM_CLASS_WITH(more) .flags = LUV_CLASS_STREAM | more, .closing = luv__stream_closing, .handle = offsetof(luv_stream, h), .queues = luv__stream_queues

/* It has no descriptor of its own: what the kernel says of one says nothing. */
static inline int luv__over_another(luv_stream *s) { return s->engine && s->engine->ready; }

/* The writer whose turn it is. */
struct luv_write {
  union { uv_write_t write; uv_shutdown_t shutdown; } u;
  luv_stream *s;
  luv_fiber *f;  /* who waits; NULL: gave up */
  uint64_t total;
  int ref;       /* the data's anchor */
  int held;      /* a luv_hold: libuv has nothing */
  uv_pipe_t *carrier; /* a handle that goes with the bytes: handle.c */
  char *own;     /* the bytes, if they are not a script's: freed with it */
  void (*finished)(luv_stream *upper, int status); /* whom it tells then, instead of a fiber */
};

luv_fiber *luv__writer(luv_state *S, lua_State *L);
int luv__put(luv_stream *s, const uv_buf_t *bufs, unsigned n);
int luv__write_error(luv_stream *s, int err);
uint64_t luv__unwritten(luv_stream *s);
int luv__shut_reading(luv_stream *s);
static inline int luv__can_write(luv_stream *s) {
  return !s->writing && queue_empty(&s->writers) && !(s->o.flags & LUV_O_SHUT);
}
void luv__write_finished(luv_write *w, int status);
int luv__pty_end(luv_stream *s, int err);
void luv__write_drop(luv_write *w);
/* Writes n bytes, which are malloc'd and taken over, for the stream above: it is told. */
int luv__write_own(luv_stream *s, char *p, size_t n, void (*finished)(luv_stream *upper, int status));
unsigned luv__write_rest_of(luv_write *w, size_t skip, uv_buf_t *bufs, unsigned max);
int luv__write_plain(luv_state *S, lua_State *L, luv_stream *s, uint64_t total, double timeout);
int luv__write_from(luv_state *S, lua_State *L, luv_stream *s, uint64_t total, uint64_t done, double timeout);
int luv__write_handle(luv_state *S, lua_State *L);
int luv__carrier(luv_stream *s, lua_State *L, int idx, uv_pipe_t **carrier);
void luv__carrier_close(uv_pipe_t *carrier);

/* Nobody else writes until it is released; `closed` is called when the stream closes. */
typedef struct luv_hold luv_hold;
int luv__write_hold(luv_stream *s, void (*closed)(void *ud), void *ud, luv_hold **to);
void luv__write_release(luv_hold *h);

extern const luv_op luv__op_read, luv__op_read_exactly, luv__op_read_line, luv__op_read_until, luv__op_read_all;

typedef struct { const char *p; size_t n; } luv_view;
typedef struct { size_t take, skip; int err; } luv_cut;
enum { LUV_MORE, LUV_CUT, LUV_END }; /* there is too little, enough, the end of the stream */
int luv__record(luv_stream *s, lua_State *L, const luv_op *op, uint64_t arg, luv_view v, luv_cut *c);

void luv__ready_free(luv_state *S);
void luv__tty_reset(int status);
void luv__receive(luv_state *S, unsigned n);

/* What it keeps for each state. */
typedef struct {
  char *buf;             /* the loop's one read buffer, of LUV_READ_SIZE */
  struct luv_ready *hub; /* NULL: nobody has waited for a stream to be ready: ready.c */
} luv_streams;

extern luv_room luv__stream_room;
static inline luv_streams *luv__streams(luv_state *S) { return luv__room_data(S, &luv__stream_room); }

void luv__std_open(luv_state *S, lua_State *L);

#endif
