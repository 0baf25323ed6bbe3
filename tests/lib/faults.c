/* faults.c - system calls that fail: a library for LD_PRELOAD, and the module by which a script says
 * which. For test-faults.lua.
 *
 *   faults.set(call, n, errno)   the n-th call from now on fails so; errno "SHORT": moves one byte
 *   come, count = faults.clear() whether it has, and how many there were
 *
 * Only calls by luv and libuv count, of whatever thread, and none on what a loop is woken by (an
 * eventfd, a pipe to itself): libuv aborts there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <lauxlib.h>
#include <lua.h>

#define EXPORT __attribute__((visibility("default")))
enum { SHORT = -1, PASS = 0 };

static char armed[32];         /* the name of the call; "": none */
static int code, left, seen;   /* atomic: the last two */
static struct { uintptr_t from, to; } ours[8];
static int nours, only_luv;
static char private_fd[4096];

static int find(struct dl_phdr_info *info, size_t size, void *unused) {
  int i;
  (void)size, (void)unused;
  if (!strstr(info->dlpi_name, "/luv.so") && !strstr(info->dlpi_name, "libuv")) return 0;
  for (i = 0; i < info->dlpi_phnum && nours < 8; i++) {
    const ElfW(Phdr) *p = &info->dlpi_phdr[i];
    if (p->p_type != PT_LOAD || !(p->p_flags & PF_X)) continue;
    if (only_luv && strstr(info->dlpi_name, "libuv")) continue;
    ours[nours].from = info->dlpi_addr + p->p_vaddr;
    ours[nours++].to = info->dlpi_addr + p->p_vaddr + p->p_memsz;
  }
  return 0;
}

static int is_ours(void *caller) {
  int i;
  for (i = 0; i < nours; i++)
    if ((uintptr_t)caller >= ours[i].from && (uintptr_t)caller < ours[i].to) return 1;
  return 0;
}

/* PASS, SHORT, or FAILS, with errno set. */
enum { FAILS = 1 };
static int fault(const char *name, int fd, void *caller) {
  if (!armed[0] || strcmp(armed, name) != 0 || !is_ours(caller)) return PASS;
  if (fd >= 0 && fd < (int)sizeof private_fd && private_fd[fd]) return PASS;
  __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
  if (__atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST) != 0) return PASS;
  if (code == SHORT) return SHORT;
  errno = code;
  return FAILS;
}

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }
#define REAL(type, name, ...) \
  static type (*fn)(__VA_ARGS__); \
  if (!fn) *(void **)&fn = real(name)
#define HERE(name, fd) fault(name, fd, __builtin_return_address(0))

static void keep_out(int fd, int yes) {
  if (fd >= 0 && fd < (int)sizeof private_fd) private_fd[fd] = (char)yes;
}

/* ---- bytes: may be short ------------------------------------------------------------------- */

EXPORT ssize_t read(int fd, void *p, size_t n) {
  int f = HERE("read", fd);
  REAL(ssize_t, "read", int, void *, size_t);
  return f == FAILS ? -1 : fn(fd, p, f == SHORT && n ? 1 : n);
}

EXPORT ssize_t write(int fd, const void *p, size_t n) {
  int f = HERE("write", fd);
  REAL(ssize_t, "write", int, const void *, size_t);
  return f == FAILS ? -1 : fn(fd, p, f == SHORT && n ? 1 : n);
}

EXPORT ssize_t pread64(int fd, void *p, size_t n, off64_t at) {
  int f = HERE("pread", fd);
  REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
  return f == FAILS ? -1 : fn(fd, p, f == SHORT && n ? 1 : n, at);
}

EXPORT ssize_t pread(int fd, void *p, size_t n, off_t at) {
  int f = HERE("pread", fd);
  REAL(ssize_t, "pread", int, void *, size_t, off_t);
  return f == FAILS ? -1 : fn(fd, p, f == SHORT && n ? 1 : n, at);
}

EXPORT ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) {
  int f = HERE("pwrite", fd);
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  return f == FAILS ? -1 : fn(fd, p, f == SHORT && n ? 1 : n, at);
}

/* One byte of the first that has any. */
static int cut(const struct iovec *v, int n, struct iovec *one) {
  int i = 0;
  while (i < n && !v[i].iov_len) i++;
  if (i == n) return 0;
  one->iov_base = v[i].iov_base;
  one->iov_len = 1;
  return 1;
}

#define VECTORED(result, name, call, ...) \
  int f = HERE(name, fd); \
  struct iovec one; \
  REAL(result, call, int, const struct iovec *, int, ##__VA_ARGS__); \
  if (f == FAILS) return -1; \
  if (f == SHORT && cut(v, n, &one)) v = &one, n = 1

EXPORT ssize_t readv(int fd, const struct iovec *v, int n) {
  VECTORED(ssize_t, "readv", "readv");
  return fn(fd, v, n);
}

EXPORT ssize_t writev(int fd, const struct iovec *v, int n) {
  VECTORED(ssize_t, "writev", "writev");
  return fn(fd, v, n);
}

EXPORT ssize_t preadv2(int fd, const struct iovec *v, int n, off_t at, int flags) {
  VECTORED(ssize_t, "preadv2", "preadv2", off_t, int);
  return fn(fd, v, n, at, flags);
}

EXPORT ssize_t pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags) {
  VECTORED(ssize_t, "pwritev2", "pwritev2", off_t, int);
  return fn(fd, v, n, at, flags);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *m, int flags) {
  int f = HERE("sendmsg", fd);
  struct msghdr shorter = *m;
  struct iovec one;
  REAL(ssize_t, "sendmsg", int, const struct msghdr *, int);
  if (f == FAILS) return -1;
  if (f == SHORT && cut(m->msg_iov, (int)m->msg_iovlen, &one)) shorter.msg_iov = &one, shorter.msg_iovlen = 1;
  return fn(fd, &shorter, flags);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *m, int flags) {
  int f = HERE("recvmsg", fd);
  size_t n = m->msg_iovlen ? m->msg_iov[0].iov_len : 0;
  ssize_t r;
  REAL(ssize_t, "recvmsg", int, struct msghdr *, int);
  if (f == FAILS) return -1;
  if (f == SHORT && n) m->msg_iov[0].iov_len = 1;
  r = fn(fd, m, flags);
  if (f == SHORT && n) m->msg_iov[0].iov_len = n;
  return r;
}

EXPORT ssize_t sendfile64(int to, int from, off64_t *at, size_t n) {
  int f = HERE("sendfile", to);
  REAL(ssize_t, "sendfile64", int, int, off64_t *, size_t);
  return f == FAILS ? -1 : fn(to, from, at, f == SHORT && n ? 1 : n);
}

EXPORT ssize_t sendfile(int to, int from, off_t *at, size_t n) {
  int f = HERE("sendfile", to);
  REAL(ssize_t, "sendfile", int, int, off_t *, size_t);
  return f == FAILS ? -1 : fn(to, from, at, f == SHORT && n ? 1 : n);
}

/* By number: luv's own recvfrom and sendto. */
EXPORT long syscall(long number, ...) {
  long a[6];
  int i, f = PASS;
  va_list args;
  REAL(long, "syscall", long, ...);
  va_start(args, number);
  for (i = 0; i < 6; i++) a[i] = va_arg(args, long);
  va_end(args);
  if (number == SYS_recvfrom) f = HERE("recvfrom", (int)a[0]);
  else if (number == SYS_sendto) f = HERE("sendto", (int)a[0]);
  if (f == FAILS) return -1;
  if (f == SHORT && a[2] && !a[4]) a[2] = 1; /* not of a datagram */
  return fn(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- the rest: fail or do not ---------------------------------------------------------------- */

#define PLAIN(name, fd, params, types, args) \
  EXPORT int name params { \
    int f = HERE(#name, fd); \
    REAL(int, #name, types); \
    return f == FAILS ? -1 : fn args; \
  }
#define TYPES(...) __VA_ARGS__

PLAIN(accept4, fd, (int fd, struct sockaddr *a, socklen_t *n, int flags), TYPES(int, struct sockaddr *, socklen_t *, int), (fd, a, n, flags))
PLAIN(connect, fd, (int fd, const struct sockaddr *a, socklen_t n), TYPES(int, const struct sockaddr *, socklen_t), (fd, a, n))
PLAIN(socket, -1, (int d, int t, int p), TYPES(int, int, int), (d, t, p))
PLAIN(socketpair, -1, (int d, int t, int p, int v[2]), TYPES(int, int, int, int *), (d, t, p, v))
PLAIN(listen, fd, (int fd, int n), TYPES(int, int), (fd, n))
PLAIN(bind, fd, (int fd, const struct sockaddr *a, socklen_t n), TYPES(int, const struct sockaddr *, socklen_t), (fd, a, n))
PLAIN(shutdown, fd, (int fd, int how), TYPES(int, int), (fd, how))
PLAIN(epoll_ctl, -1, (int e, int op, int fd, struct epoll_event *v), TYPES(int, int, int, struct epoll_event *), (e, op, fd, v))
PLAIN(epoll_create1, -1, (int flags), TYPES(int), (flags))
PLAIN(dup3, -1, (int a, int b, int flags), TYPES(int, int, int), (a, b, flags))
PLAIN(fsync, fd, (int fd), TYPES(int), (fd))
PLAIN(mkdir, -1, (const char *p, mode_t mode), TYPES(const char *, mode_t), (p, mode))
PLAIN(rename, -1, (const char *p, const char *q), TYPES(const char *, const char *), (p, q))
PLAIN(unlink, -1, (const char *p), TYPES(const char *), (p))
PLAIN(inotify_add_watch, -1, (int fd, const char *p, uint32_t mask), TYPES(int, const char *, uint32_t), (fd, p, mask))
PLAIN(ftruncate64, fd, (int fd, off64_t n), TYPES(int, off64_t), (fd, n))
PLAIN(mkostemp, -1, (char *t, int flags), TYPES(char *, int), (t, flags))

#define OPENS(name, ...) \
  va_list args; \
  int mode, f = HERE("open", -1); \
  REAL(int, name, __VA_ARGS__, int, ...); \
  va_start(args, flags); \
  mode = va_arg(args, int); \
  va_end(args); \
  if (f == FAILS) return -1

EXPORT int open(const char *p, int flags, ...) { OPENS("open", const char *); return fn(p, flags, mode); }
EXPORT int open64(const char *p, int flags, ...) { OPENS("open64", const char *); return fn(p, flags, mode); }
EXPORT int openat(int d, const char *p, int flags, ...) { OPENS("openat", int, const char *); return fn(d, p, flags, mode); }

#define CONTROLS(name) \
  va_list args; \
  long arg; \
  int f = how == F_DUPFD_CLOEXEC || how == F_DUPFD ? HERE("fcntl", -1) : PASS; \
  REAL(int, name, int, int, ...); \
  va_start(args, how); \
  arg = va_arg(args, long); \
  va_end(args); \
  return f == FAILS ? -1 : fn(fd, how, arg)

EXPORT int fcntl(int fd, int how, ...) { CONTROLS("fcntl"); }
EXPORT int fcntl64(int fd, int how, ...) { CONTROLS("fcntl64"); }

EXPORT void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset) {
  int f = flags & MAP_STACK ? HERE("mmap", -1) : PASS; /* luv's stacks: Go ends where it gets no memory */
  static void *(*fn)(void *, size_t, int, int, int, off_t);
  if (!fn) *(void **)&fn = real("mmap");
  return f == FAILS ? MAP_FAILED : fn(at, n, prot, flags, fd, offset);
}

EXPORT int eventfd(unsigned n, int flags) {
  int f = HERE("eventfd", -1), fd;
  REAL(int, "eventfd", unsigned, int);
  fd = f == FAILS ? -1 : fn(n, flags);
  keep_out(fd, 1);
  return fd;
}

EXPORT int pipe2(int v[2], int flags) {
  int f = HERE("pipe2", -1), rc;
  Dl_info info;
  REAL(int, "pipe2", int *, int);
  rc = f == FAILS ? -1 : fn(v, flags);
  if (rc == 0 && dladdr(__builtin_return_address(0), &info) && strstr(info.dli_fname, "libuv")) {
    keep_out(v[0], 1); /* that of its signals */
    keep_out(v[1], 1);
  }
  return rc;
}

EXPORT int close(int fd) {
  REAL(int, "close", int);
  keep_out(fd, 0);
  return fn(fd);
}

EXPORT int clone(int (*start)(void *), void *stack, int flags, void *arg, ...) {
  int f = HERE("clone", -1);
  va_list args;
  void *a, *b, *c;
  static int (*fn)(int (*)(void *), void *, int, void *, ...);
  if (!fn) *(void **)&fn = real("clone");
  va_start(args, arg);
  a = va_arg(args, void *), b = va_arg(args, void *), c = va_arg(args, void *);
  va_end(args);
  return f == FAILS ? -1 : fn(start, stack, flags, arg, a, b, c);
}

/* ---- for the script ---------------------------------------------------------------------------- */

static const struct { const char *name; int code; } codes[] = {
  {"SHORT", SHORT}, {"EMFILE", EMFILE}, {"ENFILE", ENFILE}, {"ENOMEM", ENOMEM}, {"EINTR", EINTR}, {"ENOSPC", ENOSPC},
  {"EIO", EIO}, {"ECONNRESET", ECONNRESET}, {"EAGAIN", EAGAIN}, {"EPIPE", EPIPE}, {"ECONNREFUSED", ECONNREFUSED},
  {"ECONNABORTED", ECONNABORTED}, {"ENOBUFS", ENOBUFS}, {"EACCES", EACCES}, {"EDQUOT", EDQUOT},
};

static int set(lua_State *L) {
  const char *name = luaL_checkstring(L, 3);
  size_t i;
  armed[0] = 0;
  nours = 0;
  only_luv = lua_toboolean(L, 4);
  dl_iterate_phdr(find, NULL);
  for (i = 0; i < sizeof codes / sizeof *codes && strcmp(codes[i].name, name); i++) {}
  if (i == sizeof codes / sizeof *codes) return luaL_error(L, "no errno %s", name);
  code = codes[i].code;
  left = (int)luaL_checkinteger(L, 2);
  seen = 0;
  strncpy(armed, luaL_checkstring(L, 1), sizeof armed - 1);
  return 0;
}

static int clear(lua_State *L) {
  armed[0] = 0;
  lua_pushboolean(L, left <= 0);
  lua_pushinteger(L, seen);
  return 2;
}

EXPORT int luaopen_faults(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, set);
  lua_setfield(L, -2, "set");
  lua_pushcfunction(L, clear);
  lua_setfield(L, -2, "clear");
  return 1;
}
