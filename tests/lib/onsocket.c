/* onsocket.c - runs a program with a blocking socket as its 0 and 1, as inetd does, and as
 * those do who spawn by libuv:
 *
 *   onsocket unix|tcp COMMAND
 *
 * Says "go\n", reads nothing for 100 ms when the program begins to write, then 3,000,000 times "x" and "quick\n", sends
 * 1,000,000 bytes, and prints what comes then. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void tcp_pair(int fd[2]) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof a;
  int server = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(server, (struct sockaddr *)&a, len) || listen(server, 1) || getsockname(server, (struct sockaddr *)&a, &len)) die("tcp");
  fd[0] = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd[0], (struct sockaddr *)&a, len)) die("connect");
  fd[1] = accept(server, NULL, NULL);
  close(server);
}

static void read_all(int fd, size_t n) {
  char buf[65536];
  while (n > 0) {
    ssize_t k = read(fd, buf, n < sizeof buf ? n : sizeof buf);
    if (k <= 0) die("read");
    n -= (size_t)k;
  }
}

int main(int argc, char **argv) {
  static char buf[1000000];
  int fd[2], status, i, small = 50000;
  struct pollfd first = {-1, POLLIN, 0};
  ssize_t n;
  size_t sent = 0;
  if (argc != 3) return 2;
  if (strcmp(argv[1], "tcp") == 0) tcp_pair(fd);
  else if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd)) die("socketpair");
  for (i = 0; i < 4; i++) /* or the kernel takes it all at once */
    setsockopt(fd[i / 2], SOL_SOCKET, i % 2 ? SO_SNDBUF : SO_RCVBUF, &small, sizeof small);
  if (fork() == 0) {
    dup2(fd[1], 0);
    dup2(fd[1], 1);
    close(fd[0]);
    close(fd[1]);
    execl("/bin/sh", "sh", "-c", argv[2], (char *)NULL);
    _exit(127);
  }
  close(fd[1]);
  first.fd = fd[0];
  if (write(fd[0], "go\n", 3) != 3) die("write");
  while (poll(&first, 1, -1) < 0) {}
  usleep(100000);
  read_all(fd[0], 3000006);
  while (sent < sizeof buf) {
    n = write(fd[0], buf, sizeof buf - sent);
    if (n <= 0) die("write");
    sent += (size_t)n;
  }
  while ((n = read(fd[0], buf, sizeof buf)) > 0)
    if (write(1, buf, (size_t)n) != n) die("stdout");
  wait(&status);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
