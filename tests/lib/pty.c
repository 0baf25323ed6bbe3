/* pty.c - runs a program on a terminal of its own and does what it is told, step by step:
 *
 *   pty COMMAND STEP...      COMMAND goes to sh -c, as `exec COMMAND`
 *
 *   expect:TEXT   waits until the program has written TEXT behind the last one
 *   send:TEXT     types TEXT; \n, \r, \e, \\ and \xHH as in C
 *   size:WxH      changes the size of the terminal, which sends SIGWINCH
 *   kill:N        sends the program signal N
 *   mode:         prints the terminal's mode: "mode lines" or "mode keys"
 *   wait:         waits for the program's end: prints "exit N" or "signal N"
 *   hangup:       closes the terminal under the program
 *   pause:MS      waits
 *
 * What the program writes goes to the file $PTY_LOG, the rest of the prints to stdout. The
 * program has 20 seconds for each step. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int master = -1, slave = -1, output;
static pid_t child;
static char seen[1 << 20];
static size_t nseen, from;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, const char *step) {
  printf("failed: %s at %s; seen: %.*s\n", what, step, (int)(nseen - from), seen + from);
  fflush(stdout);
  if (child > 0) kill(child, SIGKILL);
  exit(1);
}

/* Takes what the program has written, waiting for at most ms. */
static int take(int ms) {
  struct pollfd p = {master, POLLIN, 0};
  ssize_t n;
  if (master < 0 || nseen == sizeof seen || poll(&p, 1, ms) <= 0) return 0;
  n = read(master, seen + nseen, sizeof seen - nseen);
  if (n <= 0) return 0;
  if (output >= 0 && write(output, seen + nseen, (size_t)n) != n) die("write", "log");
  nseen += (size_t)n;
  return 1;
}

static void expect(const char *text, const char *step) {
  double end = now() + 20;
  for (;;) {
    char *at = memmem(seen + from, nseen - from, text, strlen(text));
    if (at) {
      from = (size_t)(at - seen) + strlen(text);
      return;
    }
    if (now() > end) die("time is up", step);
    if (!take(50)) usleep(1000);
  }
}

static size_t unescape(const char *s, char *to) {
  char *start = to;
  for (; *s; s++) {
    unsigned hex;
    if (*s != '\\') *to++ = *s;
    else if (*++s == 'n') *to++ = '\n';
    else if (*s == 'r') *to++ = '\r';
    else if (*s == 'e') *to++ = 27;
    else if (*s == 'x' && sscanf(s + 1, "%2x", &hex) == 1) *to++ = (char)hex, s += 2;
    else *to++ = *s;
  }
  return (size_t)(to - start);
}

static void type(const char *text) {
  char bytes[4096];
  size_t n = unescape(text, bytes);
  if (write(master, bytes, n) != (ssize_t)n) die("write", text);
}

static void print_mode(void) {
  struct termios t;
  if (tcgetattr(slave, &t)) die(strerror(errno), "mode");
  printf("mode %s\n", t.c_lflag & ICANON && t.c_lflag & ECHO && t.c_lflag & ISIG && t.c_oflag & OPOST ? "lines" : "keys");
}

static void wait_for(void) {
  double end = now() + 20;
  int status;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (now() > end) die("time is up", "wait");
    if (!take(20)) usleep(1000);
  }
  while (take(20)) {}
  child = 0;
  if (WIFEXITED(status)) printf("exit %d\n", WEXITSTATUS(status));
  else printf("signal %d\n", WTERMSIG(status));
}

static void step(const char *s) {
  unsigned short w, h;
  if (strncmp(s, "expect:", 7) == 0) expect(s + 7, s);
  else if (strncmp(s, "send:", 5) == 0) type(s + 5);
  else if (sscanf(s, "size:%hux%hu", &w, &h) == 2) {
    struct winsize size = {h, w, 0, 0};
    ioctl(master, TIOCSWINSZ, &size);
  } else if (strncmp(s, "kill:", 5) == 0) kill(child, atoi(s + 5));
  else if (strcmp(s, "mode:") == 0) print_mode();
  else if (strcmp(s, "wait:") == 0) wait_for();
  else if (strcmp(s, "hangup:") == 0) {
    close(slave);
    close(master);
    master = slave = -1;
  } else if (strncmp(s, "pause:", 6) == 0) {
    double end = now() + atoi(s + 6) / 1e3;
    while (now() < end)
      if (!take(5)) usleep(1000);
  } else die("unknown step", s);
  fflush(stdout);
}

/* On Linux the session's leader gets its terminal by opening it. */
static void run(const char *name, const char *command) {
  char line[4096];
  int fd;
  setsid();
  fd = open(name, O_RDWR);
  if (fd < 0) _exit(126);
  ioctl(fd, TIOCSCTTY, 0);
  dup2(fd, 0);
  dup2(fd, 1);
  dup2(fd, 2);
  if (fd > 2) close(fd);
  close(master);
  close(slave);
  snprintf(line, sizeof line, "exec %s", command);
  execl("/bin/sh", "sh", "-c", line, (char *)NULL);
  _exit(127);
}

int main(int argc, char **argv) {
  const char *log = getenv("PTY_LOG");
  struct winsize size = {24, 80, 0, 0};
  char name[64];
  int i;
  if (argc < 2) return 2;
  output = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) || unlockpt(master) || ptsname_r(master, name, sizeof name)) die(strerror(errno), "pty");
  slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) die(strerror(errno), name);
  ioctl(master, TIOCSWINSZ, &size);
  child = fork();
  if (child == 0) run(name, argv[1]);
  for (i = 2; i < argc; i++) step(argv[i]);
  if (child > 0) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
  }
  return 0;
}
