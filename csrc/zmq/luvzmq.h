/* luvzmq.h - ØMQ sockets in the data plane: what the zmq_*.c files share.
 *
 * ZMQ_FD is edge-triggered: it becomes readable once, and whatever reads ZMQ_EVENTS,
 * sends or receives on the socket may take that edge away. So:
 *
 *   1. Before the loop blocks, every socket that has waiters and was touched since they
 *      were last served is served again: it stands in zmq->dirty until then.
 *   2. A socket that is not dirty has been asked to the end: what happens later makes
 *      its descriptor readable, and epoll reports that level-triggered.
 *   3. The descriptor is watched from the first wait on. An event that nobody waits for
 *      is taken off it by reading ZMQ_EVENTS. */
#ifndef LUV_ZMQ_H
#define LUV_ZMQ_H

#include <errno.h>
#include <zmq.h>
#include "luv.h"

extern luv_class luv__class_zmq, luv__class_zmq_monitor, luv__class_zmq_context;

enum { LUV_ZMQ_TABLE = 1, LUV_ZMQ_AGAIN = 2, LUV_ZMQ_EVENT = 4,
       LUV_ZMQ_PACKED = 8 }; /* in wait.arg: see zmq_recv.c */
int luv_zmq_send(lua_State *L);
int luv_zmq_recv(lua_State *L);
int luv_zmq_try_send(luv_state *S, const void *box, const char *p, size_t n);
int luv_zmq_try_recv(luv_state *S, const void *box, char *to);

typedef struct luv_proxy luv_proxy;
typedef struct luv_zmq_state luv_zmq_state;

extern const luv_op luv__op_zmq_recv, luv__op_zmq_send;

/* A frame that was taken off a socket and is still to be received; an endpoint's name. */
typedef struct luv_zmq_frame { struct luv_zmq_frame *next; zmq_msg_t m; } luv_zmq_frame;
typedef struct luv_zmq_name { struct luv_zmq_name *next; size_t n; char text[]; } luv_zmq_name;

typedef struct luv_zmq {
  luv_object o;
  uv_poll_t poll;      /* right behind the object, where luv__handle looks for it */
  void *socket;        /* libzmq's; NULL once closed */
  luv_queue receivers, senders;
  luv_queue dirty;     /* in zmq->dirty: to be served before the loop blocks */
  luv_queue near;      /* in zmq->near: has waiters, and peers on this very thread */
  luv_proxy *proxy;    /* moves the messages of this socket, or NULL */
  double rcvtimeo, sndtimeo; /* seconds, as the options say; LUV_NO_TIMEOUT: none */
  uint8_t inproc;      /* has an inproc endpoint */
  uint8_t polling;
  uint8_t stopped;     /* a monitor: its last event has been */
  uint8_t has_first;   /* the next frame is in `first`, and others in `ahead` */
  uint8_t hidden;      /* a monitor of luv's own: zmq_leave.c */
  uint8_t tells;       /* peer() is asked: whose each message is gets noted */
  uint32_t listens;    /* endpoints that libzmq has a listener for */
  zmq_msg_t first;
  luv_zmq_frame *ahead;
  luv_zmq_name *leaving; /* a monitor: endpoints that libzmq has yet to let go of */
  struct luv_zmq *leaver; /* the monitor that will say so, on the way from Go to a face */
  char address[64], user[64]; /* of the last message taken, if it tells */
  int kept;            /* registry: the frames of a message that has too many for results */
} luv_zmq;

/* A message that was taken for a fiber and not delivered yet. */
typedef struct luv_parcel {
  int n, cap;
  int lent;            /* its memory is not its own */
  zmq_msg_t m[1];
} luv_parcel;

/* A box that is known to be an open socket's: see zmq_fast.c. */
#define LUV_ZMQ_BITS 9 /* of the places for sockets: known.h */
#define LUV_ZMQ_RESULTS 7000 /* frames that recv returns as results */
#define LUV_ZMQ_RELEASE LUV_ZMQ_FRAME /* a frame that is as large is let go of at once, and copied as seldom as can be */
#define LUV_PARCEL_FEW 8     /* frames for which there is room on the C stack */

/* What a state keeps for all its sockets. */
struct luv_zmq_state {
  luv_state *S;
  luv_queue dirty, near;
  luv_queue link;      /* in the thread's list of such states */
  int moved;           /* something went through an inproc endpoint */
  uint32_t ops;        /* sends and receives that did not wait */
  zmq_msg_t scratch;   /* every message arrives here */
  luv_parcel *delivering; /* freed by the next delivery if this one ran out of memory */
  luv_place known[1 << LUV_ZMQ_BITS];
};

/* zmq_socket.c */
luv_zmq *luv__zmq_new(uv_loop_t *loop, void *socket, int class_id);
luv_zmq *luv__check_zmq(luv_state *S, lua_State *L, int idx, int class_id, const char *fname);
void luv__zmq_watch(luv_zmq *z);
int luv__zmq_events(luv_zmq *z);
int luv__zmq_error(int zmq_errno);

/* What it keeps for each state. */
typedef struct {
  luv_zmq_state *state; /* NULL: no socket has been made */
  int ref_fields;       /* 0: none; see zmq_index.c */
} luv_zmq_kept;

extern luv_room luv__zmq_room;
static inline luv_zmq_kept *luv__zmq_kept(luv_state *S) { return luv__room_data(S, &luv__zmq_room); }
#define luv__zmq_of(S) (luv__zmq_kept(S)->state)

static inline int luv__zmq_overdue(luv_state *S, lua_State *L) { return luv__overdue(S, L, &luv__zmq_of(S)->ops); }

static inline int luv__zmq_waited_for(luv_zmq *z) {
  return !queue_empty(&z->receivers) || !queue_empty(&z->senders) || z->proxy || z->leaving;
}

/* Something was done with the socket: commands for it may have been taken off its
 * descriptor, so whoever waits has to be looked at before the loop blocks. */
static inline void luv__zmq_touch(luv_zmq *z) {
  luv_zmq_state *t = luv__zmq_of(z->o.S);
  t->moved |= z->inproc;
  if (LUV_UNLIKELY(luv__zmq_waited_for(z)) && queue_empty(&z->dirty)) queue_push(&t->dirty, &z->dirty);
}

/* zmq_leave.c */
int luv__zmq_leaves(luv_zmq *m, const char *endpoint, size_t n);
void luv__zmq_stays(luv_zmq *m, const char *endpoint, size_t n);
void luv__zmq_left(luv_zmq *m);
void luv__zmq_left_all(luv_zmq *m);
void luv__zmq_keep(luv_zmq *z, zmq_msg_t *m);
void luv__zmq_drop_kept(luv_zmq *z);

/* zmq_fast.c */
void luv__zmq_know(luv_zmq *z);
void luv__zmq_forget(luv_zmq *z);

/* zmq_recv.c */
int luv__zmq_take(luv_zmq *z, zmq_msg_t *m);
unsigned luv__zmq_event_number(zmq_msg_t *m, uint32_t *value);
int luv__zmq_serve_receiver(luv_zmq *z, luv_fiber *f);

/* zmq_parcel.c */
extern const char luv__zmq_too_many[];
void luv__parcel_free(luv_parcel *p);
/* The message whose first frame is m, all of it, behind what is in p (or NULL); NULL: no memory. */
luv_parcel *luv__parcel_fill(luv_zmq *z, zmq_msg_t *m, luv_parcel *p);
/* Pushes its values on the thread that runs, and frees it. May raise (memory). */
int luv__parcel_push(luv_state *S, lua_State *L, luv_parcel *p, int mode);
void luv__zmq_note_end(luv_zmq *z, zmq_msg_t *m);
void luv__zmq_keep_table(lua_State *L, lua_State *W);

/* zmq_send.c */
int luv__zmq_serve_sender(luv_zmq *z, luv_fiber *f);

/* zmq_proxy.c */
void luv__proxy_run(luv_proxy *p);
void luv__proxy_end(luv_proxy *p, int err);
void luv__proxy_forget(luv_zmq *z);

void luv__zmq_index(luv_state *S, lua_State *L);
void luv__zmq_own_meta(luv_state *S, lua_State *L);

extern const luv_wrapper luv__zmq_wrap; /* of send and recv */

void luv__zmq_state_free(luv_state *S);
void luv__zmq_exit(int status);
void luv__zmq_read_linger(luv_state *S);
int luv__zmq_pending(luv_state *S);
void luv__zmq_service(luv_state *S, int block);
int luv__zmq_deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W);
const char *luv__zmq_error_name(int err); /* NULL: not one of libzmq's own */
const char *luv__zmq_error_text(int err);

#define LUV_ZMQ_FRAME 4096 /* bytes that compiled code receives at most */

#endif
