/* udp.h - what udp.c, udp_send.c and udp_recv.c share.
 *
 * libuv's own queue of datagrams to send is not used for fibers: what it holds cannot be
 * taken back, so a send that had timed out would go all the same, and again when it is
 * repeated. A sender that finds the socket's buffer full waits in `senders`, and its datagram
 * is read from its suspended stack when there is room. */
#ifndef LUV_UDP_H
#define LUV_UDP_H

#include "luv.h"

#define LUV_UDP_AHEAD 1024 /* unread datagrams at which reading stops; or LUV_HIGH_WATER bytes */

typedef union { struct sockaddr sa; struct sockaddr_in v4; struct sockaddr_in6 v6; } luv_addr;

/* A datagram that no recv() has taken: this, and then its bytes. */
typedef struct { luv_addr from; uint32_t len, truncated; } luv_datagram;

typedef struct luv_udp_room luv_udp_room;

typedef struct {
  luv_object o;      /* its waiters receive */
  uv_udp_t h;        /* right behind the object, where luv__handle looks for it */
  luv_queue senders;
  luv_buffer in;     /* the datagrams that nobody has taken */
  uint32_t count;    /* how many these are */
  int error;         /* that the kernel has told, and no call has returned yet */
  int nameless;      /* not of the internet: libuv knows no addresses of such peers */
  int connected;
  luv_udp_room *room;    /* tells when there is room to send; NULL: there always was */
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
luv_udp *luv__check_udp(luv_state *S, lua_State *L, const char *fname);
int luv__udp_overdue(luv_state *S, lua_State *L);
/* Pushes {family, address, port}. May raise (memory). */
void luv__push_addr(luv_state *S, lua_State *L, const luv_addr *a);
void luv__udp_leave(luv_udp *s);
void luv__udp_drop(luv_udp *s);

luv_object *luv__udp_adopt(luv_state *S, int fd, int kind);
void luv__udp_resolved(luv_state *S, luv_fiber *f, const char *addr, size_t n);

#endif
