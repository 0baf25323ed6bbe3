/* tty.c - terminals as streams, and their modes.
 *
 * The mode belongs to the terminal, not to a descriptor or a process: what it was before the
 * first of us changed it is kept here, by device, and put back by mode("normal"), by closing
 * the object that changed it, at the end of the process, and by a signal that ends it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "pipe.h"
#include "stream.h"

/* ---- the modes ---------------------------------------------------------------------------- */

#define MAX_CHANGED 16

typedef struct {
  volatile int fd; /* of our own, -1: this place is free */
  dev_t dev;
  luv_stream *owner;
  struct termios old;
} changed;

static changed table[MAX_CHANGED];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int any;

static changed *find(dev_t dev) {
  int i;
  for (i = 0; any && i < MAX_CHANGED; i++)
    if (table[i].fd >= 0 && table[i].dev == dev) return &table[i];
  return NULL;
}

static changed *free_place(void) {
  int i;
  if (!any)
    for (i = 0; i < MAX_CHANGED; i++) table[i].fd = -1;
  any = 1;
  for (i = 0; i < MAX_CHANGED; i++)
    if (table[i].fd < 0) return &table[i];
  return NULL;
}

/* Without waiting until what has been written is shown, which may be never. In the
 * background the call would stop us; it is allowed to those who block that signal. */
static int set(int fd, const struct termios *t) {
  sigset_t ours, old;
  int r;
  sigemptyset(&ours);
  sigaddset(&ours, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &ours, &old);
  do r = tcsetattr(fd, TCSANOW, t);
  while (r && errno == EINTR);
  r = r ? uv_translate_sys_error(errno) : 0;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return r;
}

static int restore(changed *c) {
  int fd = c->fd, err = set(fd, &c->old);
  c->fd = -1;
  close(fd);
  return err;
}

/* All terminals as they were. Async-signal-safe: a signal handler and the exit call it. */
void luv__tty_reset(int status) {
  int i, e = errno;
  (void)status;
  for (i = 0; any && i < MAX_CHANGED; i++)
    if (table[i].fd >= 0) set(table[i].fd, &table[i].old);
  errno = e;
}

static void on_deadly(int sig) {
  if (!luv__forked) luv__tty_reset(0);
  signal(sig, SIG_DFL);
  raise(sig); /* is delivered when this returns */
}

/* What `signal(sig, SIG_DFL)` would do, but for the terminals. */
void luv__tty_default(int sig) {
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_handler = any ? on_deadly : SIG_DFL;
  sa.sa_flags = any ? SA_ONSTACK : 0;
  sigaction(sig, &sa, NULL);
}

/* Of the signals that would end us, those that nobody handles. */
static void watch_signals(void) {
  static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGALRM, SIGUSR1, SIGUSR2,
                               SIGXCPU, SIGVTALRM};
  struct sigaction now;
  size_t i;
  for (i = 0; i < sizeof deadly / sizeof *deadly; i++)
    if (sigaction(deadly[i], NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
      luv__tty_default(deadly[i]);
}

/* As libuv has them: "raw" leaves the output as it is, "io" is transparent both ways. */
static struct termios changed_to(const struct termios *old, int mode) {
  struct termios t = *old;
  if (mode == UV_TTY_MODE_IO) {
    cfmakeraw(&t);
    return t;
  }
  t.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  t.c_oflag |= ONLCR;
  t.c_cflag |= CS8;
  t.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
  t.c_cc[VMIN] = 1;
  t.c_cc[VTIME] = 0;
  return t;
}

static int change(luv_stream *s, int fd, dev_t dev, int mode) {
  changed *c = find(dev);
  struct termios t;
  if (!c) {
    int copy;
    if (!(c = free_place())) return UV_EMFILE;
    if (tcgetattr(fd, &c->old)) return uv_translate_sys_error(errno);
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) return uv_translate_sys_error(errno);
    c->dev = dev;
    c->fd = copy;
  }
  c->owner = s;
  watch_signals();
  t = changed_to(&c->old, mode);
  return set(fd, &t);
}

int luv__tty_set_mode(luv_stream *s, int mode) {
  uv_os_fd_t fd;
  struct stat st;
  changed *c;
  int err = uv_fileno((uv_handle_t *)&s->h, &fd);
  if (err) return err;
  if (fstat(fd, &st)) return uv_translate_sys_error(errno);
  pthread_mutex_lock(&lock);
  if (mode != UV_TTY_MODE_NORMAL) err = change(s, fd, st.st_rdev, mode);
  else if ((c = find(st.st_rdev))) err = restore(c);
  pthread_mutex_unlock(&lock);
  return err;
}

void luv__tty_closing(luv_stream *s) {
  int i;
  pthread_mutex_lock(&lock);
  for (i = 0; any && i < MAX_CHANGED; i++)
    if (table[i].fd >= 0 && table[i].owner == s) restore(&table[i]);
  pthread_mutex_unlock(&lock);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* A stream for a descriptor of our own, which it takes over; NULL, and *err, otherwise. libuv
 * opens the terminal again and puts that in the place of fd, too; so fd is closed then. */
luv_stream *luv__tty_new(luv_state *S, uv_loop_t *loop, int fd, int *err) {
  luv_stream *s;
  uv_os_fd_t own;
  *err = isatty(fd) ? 0 : fcntl(fd, F_GETFD) < 0 ? UV_EBADF : UV_ENOTTY;
  if (!*err) *err = luv__fd_taken(S, fd) ? UV_EEXIST : luv__pollable(loop, fd);
  if (*err) return NULL;
  s = luv__stream_new(S, luv__class_tty.id);
  *err = s ? uv_tty_init(loop, &s->h.tty, fd, 0) : UV_ENOMEM;
  if (*err) {
    if (s) luv__object_dispose(&s->o);
    return NULL;
  }
  s->h.s.data = s;
  if (uv_fileno((uv_handle_t *)&s->h, &own) == 0 && own != fd) close(fd);
  return s;
}

int luv__tty_winsize(luv_stream *s, int *width, int *height) {
  return uv_tty_get_winsize(&s->h.tty, width, height);
}

/* A tty object for what is lent to us keeps its flags apart; see pipe_open.c. */
static luv_stream *open_tty(luv_state *S, int fd, int lent, int *err) {
  int shares = 0, own = lent ? luv__private_fd(fd, &shares) : fd;
  luv_stream *s = own < 0 ? NULL : luv__tty_new(S, S->loop, own, err);
  if (own < 0) *err = own;
  else if (!s && lent) close(own);
  if (s && !shares && !(fcntl(s->h.tty.io_watcher.fd, F_GETFL) & O_NONBLOCK)) uv_stream_set_blocking(&s->h.s, 0);
  return s;
}

luv_stream *luv__tty_lent(luv_state *S, int fd, int *err) { return open_tty(S, fd, 1, err); }

/* tty = luv.tty.open(fd or file) */
int luv_tty_open(lua_State *L) {
  luv_state *S = luv_enter(L);
  int lent, err = 0, fd = luv__fd_arg(S, L, 1, 1, "open", &lent);
  luv_stream *s;
  if (fd < 0) return luv__fail(L, fd);
  s = open_tty(S, fd, lent, &err);
  if (!s) return luv__fail_fd(L, err, fd);
  luv__push_object(S, L, &s->o);
  return 1;
}

/* yes = luv.tty.isatty(fd or file) */
int luv_tty_isatty(lua_State *L) {
  luv_state *S = luv_enter(L);
  int lent, fd = luv__fd_arg(S, L, 1, 1, "isatty", &lent);
  lua_pushboolean(L, fd >= 0 && isatty(fd));
  return 1;
}

/* kind = luv.tty.guess(fd or file): what uv_guess_handle says */
int luv_tty_guess(lua_State *L) {
  luv_state *S = luv_enter(L);
  int lent, fd = luv__fd_arg(S, L, 1, 1, "guess", &lent);
  if (fd >= 0 && fcntl(fd, F_GETFD) < 0) fd = UV_EBADF;
  if (fd < 0) return luv__fail(L, fd);
  switch (uv_guess_handle(fd)) {
    case UV_TTY: lua_pushliteral(L, "tty"); return 1;
    case UV_NAMED_PIPE: lua_pushliteral(L, "pipe"); return 1;
    case UV_TCP: lua_pushliteral(L, "tcp"); return 1;
    case UV_UDP: lua_pushliteral(L, "udp"); return 1;
    case UV_FILE: lua_pushliteral(L, "file"); return 1;
    default: lua_pushliteral(L, "unknown"); return 1;
  }
}
