/* readiness.c - what a descriptor is ready for: readiness.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include "readiness.h"

int luv__readiness_wanted(luv_state *S, lua_State *L) {
  const char *s = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
  if (!s) return luv__type_error(S, L, 2, 1, "wait", "string");
  if (strcmp(s, "r") == 0) return LUV_READ;
  if (strcmp(s, "w") == 0) return LUV_WRITE;
  if (strcmp(s, "rw") == 0) return LUV_READ | LUV_WRITE;
  return luv__arg_error(S, L, 1, "wait", "\"r\", \"w\" or \"rw\" expected");
}

int luv__readiness(int fd, int wanted) {
  struct pollfd p = {fd, 0, 0};
  int n, is = 0;
  if (wanted & LUV_READ) p.events |= POLLIN | POLLRDHUP;
  if (wanted & LUV_WRITE) p.events |= POLLOUT;
  do n = poll(&p, 1, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0) return uv_translate_sys_error(errno);
  if (p.revents & POLLNVAL) return UV_EBADF;
  if (p.revents & (POLLIN | POLLRDHUP | POLLHUP | POLLERR)) is |= LUV_READ;
  if (p.revents & (POLLOUT | POLLHUP | POLLERR)) is |= LUV_WRITE;
  return is & wanted;
}

int luv__readiness_arm(int epoll, int fd, int wanted, void *data) {
  struct epoll_event e = {EPOLLONESHOT, {.ptr = data}};
  if (wanted & LUV_READ) e.events |= EPOLLIN | EPOLLRDHUP;
  if (wanted & LUV_WRITE) e.events |= EPOLLOUT;
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e) == 0) return 0;
  if (errno == ENOENT && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0) return 0;
  return uv_translate_sys_error(errno);
}

int luv__push_readiness(lua_State *L, int is) {
  static const char *const names[] = {"", "r", "w", "rw"};
  lua_pushstring(L, names[is & 3]);
  return 1;
}

int luv__deliver_readiness(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  (void)S, (void)L;
  return luv__push_readiness(W, (int)f->wait.arg);
}
