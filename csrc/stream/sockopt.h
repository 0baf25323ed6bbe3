/* sockopt.h - options of a TCP socket that has no descriptor yet: sockopt.c. */
#ifndef LUV_SOCKOPT_H
#define LUV_SOCKOPT_H

#include <sys/socket.h>
#include "stream.h"

typedef struct luv_sockopt {
  struct luv_sockopt *next;
  int level, name;
  socklen_t n;
  char value[];
} luv_sockopt;

enum { LUV_BIND_V6ONLY = 1, LUV_BIND_EXCLUSIVE = 2 };

int luv__option_keep(luv_stream *s, int level, int name, const void *value, size_t n);
int luv__tcp_prepare(luv_stream *s, int domain);
int luv__tcp_bind(luv_stream *s, const struct sockaddr *a, unsigned flags);

#endif
