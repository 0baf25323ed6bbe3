/* pipe_open.c - descriptors that somebody else uses, too.
 *
 * O_NONBLOCK belongs to the open file, not to the descriptor: the shell that started us and
 * `print` see it as well, and would lose output by EAGAIN. So what is lent to us (0, 1, 2, the
 * descriptor of a Lua file) is opened once more through /proc/self/fd, which gives a pipe or a
 * terminal flags of its own. Where that cannot be, as with sockets, it is duplicated and stays
 * blocking (LUV_O_SHY). Either way closing ours leaves the lender's open. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "luvstdio.h"
#include "pipe.h"

/* A pipe, or the slave side of a terminal: to open a master again would make a new pair. */
static int reopens(int fd) {
  struct stat st;
  unsigned n;
  if (fstat(fd, &st)) return 0;
  return S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd) && ioctl(fd, TIOCGPTN, &n) != 0);
}

int luv__private_fd(int fd, int *shares) {
  char path[40];
  int flags = fcntl(fd, F_GETFL), copy;
  *shares = 0;
  if (flags < 0) return uv_translate_sys_error(errno);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (reopens(fd)) {
    copy = (int)LUV_RETRY(open(path, (flags & (O_ACCMODE | O_APPEND)) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (copy >= 0) return copy;
  }
  copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return uv_translate_sys_error(errno);
  *shares = !(flags & O_NONBLOCK);
  return copy;
}

/* libuv has set O_NONBLOCK as it opened the descriptor. A socket can be written without
 * waiting all the same, see stdio_io.c; anything else waits, as print does. */
void luv__leave_flags(luv_stream *s, int was_blocking) {
  int type, copy;
  socklen_t len = sizeof type;
  uv_os_fd_t fd;
  if (!was_blocking) return;
  uv_stream_set_blocking(&s->h.s, 1);
  s->o.flags |= LUV_O_SHY;
  if (uv_fileno((uv_handle_t *)&s->h, &fd) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len)) return;
  copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy >= 0 && !(s->std = luv__std_new(s, copy, 0))) close(copy);
}

static int of_number(luv_state *S, lua_State *L, int idx, int arg, const char *fname) {
  double n = lua_tonumber(L, idx);
  if (!(n >= 0 && n <= 2147483647.0 && n == (double)(int)n))
    luv__arg_error(S, L, arg, fname, "the number of a descriptor expected");
  return (int)n;
}

static int of_file(lua_State *L, int idx) {
  FILE **f = lua_touserdata(L, idx);
  int is = 0;
  if (lua_type(L, idx) == LUA_TUSERDATA && lua_getmetatable(L, idx)) {
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_FILEHANDLE);
    is = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
  }
  if (!is) return UV_EINVAL;
  return *f ? fileno(*f) : UV_EBADF;
}

static int of_object(lua_State *L, int idx) {
  luv_box *b = luv__anybox(L, idx);
  uv_os_fd_t fd;
  int err;
  if (!b) return UV_EINVAL;
  if (!b->o || b->o->flags & LUV_O_CLOSING) return UV_EBADF;
  if (!(b->o->flags & LUV_O_HANDLE) && !luv__classes[b->class_id]->descriptor) return UV_EINVAL;
  err = luv__descriptor(b->o, &fd);
  return err ? err : fd;
}

/* The descriptor at idx: a number, or what a file of Lua's or an object of luv's has. `lent`
 * is set if it stays the lender's. A libuv error if there is none. Raises. */
int luv__fd_arg(luv_state *S, lua_State *L, int idx, int arg, const char *fname, int *lent) {
  int fd;
  *lent = 1;
  if (lua_type(L, idx) == LUA_TNUMBER) {
    fd = of_number(S, L, idx, arg, fname);
    *lent = fd <= 2;
    return fd;
  }
  fd = of_file(L, idx);
  if (fd == UV_EINVAL) fd = of_object(L, idx);
  if (fd == UV_EINVAL) luv__type_error(S, L, idx, arg, fname, "number or file");
  return fd;
}

int luv__fail_fd(lua_State *L, int err, int fd) {
  char text[24];
  snprintf(text, sizeof text, "descriptor %d", fd);
  return luv__fail_about(L, err, text, NULL);
}

/* pipe = pipe:open(fd or file) */
int luv_pipe_open(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_box *b = luv__tobox(L, 1, luv__class_pipe.id);
  luv_stream *s;
  int lent, shares = 0, given, fd, err;
  if (!b) return luv__type_error(S, L, 1, 0, "open", "luv.pipe");
  fd = given = luv__fd_arg(S, L, 2, 1, "open", &lent);
  if (!b->o || b->o->flags & LUV_O_CLOSING || fd < 0) return luv__fail(L, UV_EBADF);
  s = (luv_stream *)b->o;
  if (lent) fd = luv__private_fd(given, &shares);
  if (fd < 0) return luv__fail_fd(L, fd, given);
  err = luv__pipe_open(s, fd);
  if (err && lent) close(fd);
  if (err) return luv__fail_fd(L, err, given);
  luv__leave_flags(s, shares);
  lua_settop(L, 1);
  return 1;
}
