/* cfd.c - descriptors of somebody else's, for the tests: pipes, pairs of datagram sockets,
 * inotify, and reading, writing and closing them.
 *
 * Built by the tests with cc; luaL_register and its kin are the interpreter's own. */
#include <fcntl.h>
#include <stddef.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct lua_State lua_State;
typedef int (*lua_CFunction)(lua_State *L);
extern void lua_createtable(lua_State *L, int narr, int nrec);
extern void lua_pushboolean(lua_State *L, int b);
extern void lua_pushcclosure(lua_State *L, lua_CFunction fn, int n);
extern void lua_pushinteger(lua_State *L, ptrdiff_t n);
extern void lua_pushlstring(lua_State *L, const char *s, size_t n);
extern void lua_setfield(lua_State *L, int idx, const char *k);
extern ptrdiff_t lua_tointeger(lua_State *L, int idx);
extern const char *lua_tolstring(lua_State *L, int idx, size_t *n);

#define NUMBER(i) ((int)lua_tointeger(L, i))

static int push_two(lua_State *L, const int fds[2]) {
  lua_pushinteger(L, fds[0]);
  lua_pushinteger(L, fds[1]);
  return 2;
}

/* r, w = pipe(): of non-blocking ends */
static int pipe_ends(lua_State *L) {
  int fds[2];
  return pipe2(fds, O_NONBLOCK) ? 0 : push_two(L, fds);
}

/* a, b = datagrams(): a connected pair of unix sockets, which fill up */
static int datagrams(lua_State *L) {
  int fds[2];
  return socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) ? 0 : push_two(L, fds);
}

/* a, b = streams() */
static int streams(lua_State *L) {
  int fds[2];
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) ? 0 : push_two(L, fds);
}

/* fd = inotify(path): of what is created there */
static int notify(lua_State *L) {
  int fd = inotify_init1(IN_NONBLOCK);
  inotify_add_watch(fd, lua_tolstring(L, 1, NULL), IN_CREATE);
  lua_pushinteger(L, fd);
  return 1;
}

/* n = write(fd, data) */
static int write_fd(lua_State *L) {
  size_t n;
  const char *p = lua_tolstring(L, 2, &n);
  lua_pushinteger(L, write(NUMBER(1), p, n));
  return 1;
}

/* data = read(fd): nothing when there is none */
static int read_fd(lua_State *L) {
  static char buf[262144];
  ssize_t n = read(NUMBER(1), buf, sizeof buf);
  if (n < 0) return 0;
  lua_pushlstring(L, buf, (size_t)n);
  return 1;
}

static int close_fd(lua_State *L) {
  lua_pushinteger(L, close(NUMBER(1)));
  return 1;
}

static int dup_to(lua_State *L) {
  lua_pushinteger(L, dup2(NUMBER(1), NUMBER(2)));
  return 1;
}

static int is_open(lua_State *L) {
  lua_pushboolean(L, fcntl(NUMBER(1), F_GETFD) >= 0);
  return 1;
}

static int is_blocking(lua_State *L) {
  lua_pushboolean(L, !(fcntl(NUMBER(1), F_GETFL) & O_NONBLOCK));
  return 1;
}

int luaopen_cfd(lua_State *L) {
  static const struct { const char *name; lua_CFunction fn; } all[] = {
    {"pipe", pipe_ends}, {"datagrams", datagrams}, {"streams", streams}, {"inotify", notify},
    {"write", write_fd}, {"read", read_fd}, {"close", close_fd}, {"dup2", dup_to},
    {"is_open", is_open}, {"is_blocking", is_blocking},
  };
  size_t i;
  lua_createtable(L, 0, 16);
  for (i = 0; i < sizeof all / sizeof *all; i++) {
    lua_pushcclosure(L, all[i].fn, 0);
    lua_setfield(L, -2, all[i].name);
  }
  return 1;
}
