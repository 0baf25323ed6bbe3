/* process_exec.c - starts a program, as uv_spawn does, without a copy of this process.
 *
 * uv_spawn forks. To copy the page tables of a process with Go in it takes several times
 * as long as all the rest of a spawn; so the child borrows our memory until it is another
 * program (as in posix_spawn), and the thread that makes it sleeps so long. The rule for what runs
 * between: system calls only, on its own stack, and nothing of ours is written to but its
 * `err`. setuid and its like are called directly: the C library's would ask all our threads. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "luvprocess.h"

#define STACK (64 * 1024) /* with a path and a name of the longest, and room for sanitizers */

/* Never returns, so a sanitizer would take its stack for one that is in use for ever. */
#define BARE __attribute__((no_sanitize_address, no_sanitize_thread))

#ifdef SYS_setuid32 /* 32 bits: the old calls take 16 */
#define SETUID SYS_setuid32
#define SETGID SYS_setgid32
#define SETGROUPS SYS_setgroups32
#else
#define SETUID SYS_setuid
#define SETGID SYS_setgid
#define SETGROUPS SYS_setgroups
#endif

typedef struct {
  const luv_spawn_options *o;
  char **env;
  const char *path; /* where names are looked for */
  char **script;    /* argv for /bin/sh */
  int *fds;
  char *stack;
  pid_t us, pid;
  int err;
} birth;

/* ---- in the child -------------------------------------------------------------------------- */

/* As every program expects to begin: what was ignored is not, nothing is blocked. The C library
 * keeps two signals to itself, and those it starts itself with them ignored: so by the kernel's
 * call, for which a structure of zeros is the default action. */
BARE static void reset_signals(void) {
  unsigned long none[16] = {0};
  sigset_t empty;
  int sig;
  for (sig = 1; sig < _NSIG; sig++) syscall(SYS_rt_sigaction, sig, none, NULL, _NSIG / 8);
  sigemptyset(&empty);
  sigprocmask(SIG_SETMASK, &empty, NULL);
}

/* A source that another descriptor is about to take the place of moves out of the way. */
BARE static int move_up(const birth *b) {
  int i;
  for (i = 0; i < b->o->nfds; i++) {
    if (b->fds[i] < 0 || b->fds[i] >= i) continue;
    b->fds[i] = fcntl(b->fds[i], F_DUPFD_CLOEXEC, b->o->nfds);
    if (b->fds[i] < 0) return -1;
  }
  return 0;
}

BARE static int put(int from, int to) {
  int flags;
  if (from < 0 && to > 2) return 0;
  if (from < 0 && (from = open("/dev/null", (to ? O_RDWR : O_RDONLY) | O_CLOEXEC)) < 0) return -1;
  if (from == to ? fcntl(to, F_SETFD, 0) : dup2(from, to) < 0) return -1;
  if (to > 2) return 0;
  flags = fcntl(to, F_GETFL);
  return flags >= 0 && flags & O_NONBLOCK ? fcntl(to, F_SETFL, flags & ~O_NONBLOCK) : 0;
}

BARE static int descriptors(const birth *b) {
  int i;
  if (move_up(b)) return -1;
  for (i = 0; i < b->o->nfds; i++)
    if (put(b->fds[i], i)) return -1;
  return 0;
}

BARE static int identity(const luv_spawn_options *o) {
  if (o->set_uid || o->set_gid) syscall(SETGROUPS, 0, NULL); /* who may not, keeps them */
  if (o->set_gid && syscall(SETGID, o->gid)) return -1;
  return o->set_uid && syscall(SETUID, o->uid) ? -1 : 0;
}

/* Last, since the kernel forgets it when the user changes. We may be gone already. */
BARE static int tie(const birth *b) {
  if (!b->o->ends_with_parent) return 0;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL)) return -1;
  if (getppid() != b->us) _exit(127);
  return 0;
}

BARE static void run(const birth *b, const char *path) {
  execve(path, b->o->argv, b->env);
  if (errno != ENOEXEC) return;
  b->script[1] = (char *)path; /* no #! in it: the shell's, as execvp has it */
  execve("/bin/sh", b->script, b->env);
}

/* One place after the other; EACCES is told only if no other has the program. */
BARE static void search(const birth *b) {
  char path[PATH_MAX];
  size_t name = strlen(b->o->file) + 1;
  const char *p = b->path, *end;
  int denied = 0;
  for (;; p = end + 1) {
    end = strchrnul(p, ':');
    if ((size_t)(end - p) + name + 1 <= sizeof path) {
      memcpy(path, p, (size_t)(end - p));
      path[end - p] = '/';
      memcpy(path + (end - p) + (end > p), b->o->file, name); /* an empty place is here */
      run(b, path);
      if (errno == EACCES) denied = 1;
      else if (errno != ENOENT && errno != ENOTDIR && errno != ENODEV && errno != ESTALE && errno != ETIMEDOUT) return;
    }
    if (!*end) break;
  }
  errno = denied ? EACCES : ENOENT;
}

BARE static int child(void *arg) {
  birth *b = arg;
  const luv_spawn_options *o = b->o;
  reset_signals();
  if (o->detached || o->terminal) setsid();
  if (descriptors(b) == 0 && (!o->terminal || ioctl(0, TIOCSCTTY, 0) == 0) &&
      (!o->cwd || chdir(o->cwd) == 0) && identity(o) == 0 && tie(b) == 0) {
    if (strchr(o->file, '/')) run(b, o->file);
    else if (*o->file) search(b);
    else errno = ENOENT;
  }
  b->err = errno ? errno : ECHILD;
  _exit(127);
}

/* ---- in the parent ----------------------------------------------------------------------------- */

static const char *path_of(char **env) {
  for (; *env; env++)
    if (strncmp(*env, "PATH=", 5) == 0) return *env + 5;
  return "/usr/local/bin:/bin:/usr/bin";
}

static int prepare(birth *b) {
  int n = 0;
  while (b->o->argv[n]) n++;
  b->env = b->o->env ? b->o->env : environ;
  b->path = path_of(b->env);
  b->fds = malloc((size_t)(b->o->nfds + 1) * sizeof *b->fds);
  b->script = malloc((size_t)(n + 3) * sizeof *b->script);
  if (!b->fds || !b->script) return UV_ENOMEM;
  memcpy(b->fds, b->o->fds, (size_t)b->o->nfds * sizeof *b->fds);
  b->script[0] = (char *)"/bin/sh";
  memcpy(b->script + 2, b->o->argv + (n > 0), (size_t)(n + (n == 0)) * sizeof *b->script);
  return 0;
}

/* The kernel forbids core dumps and /proc to whom a setuid has changed, by a mark of the memory,
 * which was ours at that time. */
static void put_back(int dumpable) {
  if (dumpable == 1) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* No handler of ours may run in the child, and no thread of a luv.thread may be stopped here. */
static void bear(void *ud) {
  birth *b = ud;
  sigset_t all, old;
  int cancel, dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  sigfillset(&all);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  b->pid = clone(child, b->stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, b);
  if (b->pid < 0) b->err = errno;
  else if (b->err) while (waitpid(b->pid, NULL, 0) < 0 && errno == EINTR) continue;
  if (b->o->set_uid || b->o->set_gid) put_back(dumpable);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  pthread_setcancelstate(cancel, NULL);
}

/* Starts it; a libuv error if it cannot be started. */
int luv__process_exec(const luv_spawn_options *o, pid_t *pid) {
  birth b = {.o = o, .us = getpid()};
  int err;
  b.stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  err = b.stack == MAP_FAILED ? UV_ENOMEM : prepare(&b);
  if (!err && !o->ends_with_parent) bear(&b);
  else if (!err) err = luv__keeper_do(bear, &b);
  if (!err && b.err) err = uv_translate_sys_error(b.err);
  *pid = b.pid;
  if (b.stack != MAP_FAILED) munmap(b.stack, STACK);
  free(b.fds);
  free(b.script);
  return err;
}
