/* sockopt.c - options of a TCP socket that has no descriptor yet.
 *
 * Its family is known when it is bound or connected. Until then options are kept, as the bytes
 * that setsockopt takes, and the first descriptor gets them before anything else: some, such as
 * SO_REUSEPORT or SO_RCVBUF, count only then. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include "sockopt.h"

static luv_sockopt **find(luv_stream *s, int level, int name) {
  luv_sockopt **at = &s->options;
  while (*at && ((*at)->level != level || (*at)->name != name)) at = &(*at)->next;
  return at;
}

/* Keeps an option, in the place of what was set before. */
int luv__option_keep(luv_stream *s, int level, int name, const void *value, size_t n) {
  luv_sockopt **at = find(s, level, name), *old = *at, *o = malloc(sizeof *o + n);
  if (!o) return UV_ENOMEM;
  o->level = level;
  o->name = name;
  o->n = (socklen_t)n;
  memcpy(o->value, value, n);
  o->next = old ? old->next : NULL;
  *at = o;
  free(old);
  return 0;
}

void luv__options_free(luv_stream *s) {
  while (s->options) {
    luv_sockopt *next = s->options->next;
    free(s->options);
    s->options = next;
  }
}

static int has_descriptor(luv_stream *s) {
  uv_os_fd_t fd;
  return uv_fileno((uv_handle_t *)&s->h, &fd) == 0;
}

/* Options of the other family have no meaning for this one. */
static int foreign(const luv_sockopt *o, int domain) {
  return domain == AF_INET6 ? o->level == IPPROTO_IP : o->level == IPPROTO_IPV6;
}

static int apply(luv_stream *s, int fd, int domain) {
  luv_sockopt *o;
  for (o = s->options; o; o = o->next)
    if (!foreign(o, domain) && setsockopt(fd, o->level, o->name, o->value, o->n)) return uv_translate_sys_error(errno);
  return 0;
}

/* A new socket with the options: its descriptor, or an error. */
static int make(luv_stream *s, int domain) {
  int err, fd = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return uv_translate_sys_error(errno);
  if ((err = apply(s, fd, domain)) == 0) return fd;
  close(fd);
  return err;
}

static int adopt(luv_stream *s, int fd, int err) {
  if (!err) err = uv_tcp_open(&s->h.tcp, fd);
  if (err) close(fd);
  else luv__options_free(s);
  return err;
}

/* Before libuv makes a descriptor: one with the options, if there are any. */
int luv__tcp_prepare(luv_stream *s, int domain) {
  int fd;
  if (!s->options || has_descriptor(s)) return 0;
  fd = make(s, domain);
  return fd < 0 ? fd : adopt(s, fd, 0);
}

static int kept(luv_stream *s, int level, int name, int otherwise) {
  luv_sockopt *o = *find(s, level, name);
  int value = otherwise;
  if (o && o->n == sizeof value) memcpy(&value, o->value, sizeof value);
  return value;
}

/* Binds. Unlike libuv it tells at once that the address is in use, and leaves what the options say
 * as it is: SO_REUSEADDR, IPV6_V6ONLY. */
static int bind_ourselves(luv_stream *s, const struct sockaddr *a, unsigned flags) {
  int domain = a->sa_family, fd, err = 0, reuse, only;
  reuse = flags & LUV_BIND_EXCLUSIVE ? 0 : kept(s, SOL_SOCKET, SO_REUSEADDR, 1);
  only = flags & LUV_BIND_V6ONLY ? 1 : kept(s, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  fd = make(s, domain);
  if (fd < 0) return fd;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) ||
      (domain == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only)) ||
      bind(fd, a, domain == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)))
    err = uv_translate_sys_error(errno);
  return adopt(s, fd, err);
}

/* A socket that was made with its family is bound as it is: its options are the script's affair. */
static int bind_as_it_is(luv_stream *s, const struct sockaddr *a) {
  uv_os_fd_t fd;
  if (uv_fileno((uv_handle_t *)&s->h, &fd)) return UV_EBADF;
  return bind(fd, a, a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in))
           ? uv_translate_sys_error(errno) : 0;
}

int luv__tcp_bind(luv_stream *s, const struct sockaddr *a, unsigned flags) {
  if (!has_descriptor(s) && (s->options || flags & LUV_BIND_EXCLUSIVE)) return bind_ourselves(s, a, flags);
  if (s->family_given) return flags ? UV_EBUSY : bind_as_it_is(s, a);
  if (flags & LUV_BIND_EXCLUSIVE) return UV_EBUSY;
  return uv_tcp_bind(&s->h.tcp, a, flags & LUV_BIND_V6ONLY ? UV_TCP_IPV6ONLY : 0);
}
