/* udp.h - what udp.c, udp_send.c and udp_recv.c share.
 *
 * libuv's own queue of datagrams to send is not used for fibers: what it holds cannot be
 * taken back, so a send that had timed out would go all the same, and again when it is
 * repeated. A sender that finds the socket's buffer full waits in `senders`, and its datagram
 * is read from its suspended stack when there is room. */
#ifndef LUV_UDP_H
#define LUV_UDP_H

#include "stream.h"

extern luv_class luv__class_udp, luv__class_unixgram;

int luv__udp_new(uv_loop_t *loop, int family, luv_object **to);
int luv__udp_family(luv_object *o);
int luv__udp_open(luv_object *o, int fd);
int luv__udp_connect(luv_object *o, const struct sockaddr *to);
int luv__udp_socket(luv_object *o, int family, int reuseport);
int luv__unixgram_bind(luv_object *o, const char *path, size_t n, int mode, int replace);
int luv__unixgram_connect(luv_object *o, const char *path, size_t n);
int luv__unixgram_open(luv_object *o, int fd);

#define LUV_UDP_AHEAD 1024 /* unread datagrams at which reading stops; or LUV_HIGH_WATER bytes */

/* Of unix sockets: who has sent it, if the socket asks for that; else pid is 0. */
typedef struct { sa_family_t family; pid_t pid; uid_t uid; gid_t gid; } luv_cred;

typedef union { struct sockaddr sa; struct sockaddr_in v4; struct sockaddr_in6 v6; luv_cred cred; } luv_addr;

/* A datagram that no recv() has taken: this, then the sender's name, of a unix socket, and its bytes. */
typedef struct { luv_addr from; uint32_t len; uint16_t name; uint8_t named, truncated; } luv_datagram;

typedef struct luv_udp_room luv_udp_room;

typedef struct {
  luv_object o;      /* its waiters receive */
  union {
    uv_udp_t h;      /* right behind the object, where luv__handle looks for it */
    uv_poll_t poll;  /* a unix socket's: unixgram.c */
  };
  luv_queue senders;
  luv_buffer in;     /* the datagrams that nobody has taken */
  uint32_t count;    /* how many these are */
  int error;         /* that the kernel has told, and no call has returned yet */
  int nameless;      /* not of the internet: libuv knows no addresses of such peers */
  int connected;
  luv_udp_room *room;    /* tells when there is room to send; NULL: there always was */
  struct luv_retry *retry; /* the same, to unix sockets that it is not connected to */
  struct luv_bound *bound; /* the file of a unix socket: pipe.c */
  size_t host_len;   /* the IPv4 address last sent to, as a script wrote it, */
  char host[16];
  struct in_addr ip; /* and as a number */
} luv_udp;

/* What a state keeps for all its sockets; made when a script first uses one. */
typedef struct luv_udp_state luv_udp_state;
struct luv_udp_state {
  char *buf;           /* where datagrams arrive, several at once */
  luv_queue parcels;   /* long datagrams on their way to fibers */
  luv_queue *last;     /* of these, the one that is being delivered */
  uint32_t ops;        /* sends and receives that did not wait */
  int ref_names;       /* registry: a table of strings, see udp.c */
  luv_addr known[64];  /* whose address is the text number LUV_NAME_KNOWN + i of it */
};

luv_udp_state *luv__udp_state(luv_state *S);
/* Of either class; of luv.udp only. */
luv_udp *luv__check_datagrams(luv_state *S, lua_State *L, const char *fname);
luv_udp *luv__check_udp(luv_state *S, lua_State *L, const char *fname);
int luv__udp_overdue(luv_state *S, lua_State *L);
/* Pushes {family, address, port}. May raise (memory). */
void luv__push_addr(luv_state *S, lua_State *L, const luv_addr *a);
void luv__udp_leave(luv_udp *s);
void luv__udp_drop(luv_udp *s);
static inline int luv__is_unixgram(luv_udp *s) { return s->o.class_id == luv__class_unixgram.id; }
static inline size_t luv__datagram_bytes(const luv_datagram *d) { return (size_t)d->name + d->len; }

/* udp_recv.c: room for datagrams to arrive in, of LUV_UDP_ROOM bytes; one has arrived, with its bytes at p;
 * an error has. */
#define LUV_UDP_MOST 65536 /* of a datagram, and what libuv cuts the room into */
#define LUV_UDP_BATCH 20
#define LUV_UDP_ROOM (LUV_UDP_BATCH * LUV_UDP_MOST)
char *luv__udp_space(luv_udp_state *t);
void luv__udp_arrived(luv_udp *s, const luv_datagram *d, const char *p);
void luv__udp_failed(luv_udp *s, int err);
int luv__udp_full(luv_udp *s);
void luv__udp_read_on(luv_udp *s);

/* udp_send.c. */
void luv__udp_check_data(luv_state *S, lua_State *L);
int luv__udp_send(luv_state *S, lua_State *L, luv_udp *s, const void *to, socklen_t len, double timeout);
int luv__udp_serve_one(luv_udp *s, luv_fiber *f);
void luv__udp_give_up(luv_udp *s, int err);
const void *luv__udp_address(luv_fiber *f, socklen_t *len);

/* unixgram.c. */
int luv__unixgram_init(luv_udp *s, uv_loop_t *loop);
void luv__unixgram_closing(luv_udp *s);
int luv__unixgram_start(luv_udp *s);
void luv__unixgram_stop(luv_udp *s);
int luv__unixgram_serve(luv_udp *s);
int luv__unixgram_retry(luv_udp *s);
int luv__unixgram_queued(luv_udp *s, const void *to, socklen_t len);
void luv__unixgram_push_name(lua_State *L, const luv_datagram *d);

luv_object *luv__udp_adopt(luv_state *S, int fd, int kind);
void luv__udp_resolved(luv_state *S, luv_fiber *f, const char *addr, size_t n);

void luv__udp_state_free(luv_state *S);

void luv__unixgram_write(luv_object *o, FILE *out);

extern luv_room luv__udp_room;
#define luv__udp_of(S) (*(struct luv_udp_state **)luv__room_data(S, &luv__udp_room)) /* NULL: no socket has been made */

#endif
