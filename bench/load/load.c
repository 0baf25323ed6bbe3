/* load.c - loads an echo server from one thread, by epoll: a TCP server on 127.0.0.1, or
 * that of a unix socket, at a path with a slash.
 *
 *   load PORT|PATH CONNECTIONS SIZE DEPTH WARM SECONDS PID [connect]
 *
 * Keeps DEPTH requests of SIZE bytes in flight on each connection; with "connect" each
 * connection is opened, asks once, and is closed. After WARM seconds it looks at the CPU
 * clock of the process PID, and again SECONDS later, so that nothing but the steady state
 * is counted. The one rule: every byte that was sent must have come back, or it fails.
 *
 * Prints "requests N seconds N rate N mbps N cpu N p50 N p99 N": requests/s, MB/s, then
 * microseconds: CPU of the server per request, and two latencies. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"

#define EVENTS 512
#define BUCKETS 2048
#define GRACE 5e9 /* ns that the last answers may take */

typedef struct {
  int fd;
  int partial;        /* bytes of an answer that is not complete */
  uint64_t owed;      /* bytes to send */
  int room;           /* asks epoll when there is room for them */
  uint64_t *asked;    /* when each request in flight was made, a ring */
  unsigned head;      /* of the ring */
} conn;

typedef struct {
  double time, cpu;
  uint64_t requests;
} moment;

static const char *path; /* NULL: TCP */
static int port, nconns, size, depth, connecting, ep;
static double warm, seconds;
static clockid_t server_clock;
static conn *conns;
static char *message, scratch[262144];
static uint64_t sent, received, requests, opened, now, buckets[BUCKETS];
static int stopped;

static void look(void) { now = (uint64_t)clock_ns(CLOCK_MONOTONIC); }

/* ---- latencies: 32 buckets for each power of two, so 3 % wide ---------------------------- */

static void record(uint64_t ns) {
  unsigned shift = ns < 32 ? 0 : 58 - (unsigned)__builtin_clzll(ns);
  unsigned i = shift * 32 + (unsigned)(ns >> shift);
  buckets[i < BUCKETS ? i : BUCKETS - 1]++;
}

/* The latency, in microseconds, that the given part of the answers did not exceed. */
static double quantile(double part) {
  uint64_t total = 0, seen = 0;
  unsigned i;
  for (i = 0; i < BUCKETS; i++) total += buckets[i];
  for (i = 0; i < BUCKETS - 1; i++)
    if ((seen += buckets[i]) >= part * (double)total) break;
  return (i < 64 ? i : (double)((uint64_t)(i % 32 + 32) << (i / 32 - 1))) / 1e3;
}

/* ---- one connection ------------------------------------------------------------------------ */

/* A closed connection keeps its port busy for a minute. A source address of its own for
 * every so many connections keeps them from running out, whoever the server is. */
static void take_source(int fd) {
  int on = 1;
  uint32_t k = (uint32_t)(opened / 10000) % 60000;
  struct sockaddr_in from = {.sin_family = AF_INET};
  from.sin_addr.s_addr = htonl(0x7f010001u + k);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) die("bind");
}

static void ask(conn *c, int n) {
  int i;
  for (i = 0; i < n; i++) c->asked[(c->head + (unsigned)i) % (unsigned)depth] = now;
  c->owed += (uint64_t)n * (uint64_t)size;
}

static void connect_tcp(int fd) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int on = 1;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connecting) take_source(fd);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
}

static void connect_unix(int fd) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strncpy(to.sun_path, path, sizeof to.sun_path - 1);
  while (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) /* the backlog is full */
    if (errno != EAGAIN || usleep(1000)) die("connect");
}

/* Edge-triggered. TCP tells of room only to one who found none, so it may be asked for all
 * the time. A unix socket tells of each message that the server reads: a client that listened
 * to that would be woken twice for an answer, at the server's expense. */
static void watch(conn *c, int how, int room) {
  struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
  if (room) e.events |= EPOLLOUT;
  c->room = room;
  if (epoll_ctl(ep, how, c->fd, &e) < 0) die("epoll_ctl");
}

static void open_one(conn *c) {
  c->fd = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) die("socket");
  opened++;
  c->partial = 0, c->owed = 0, c->head = 0;
  ask(c, depth);
  if (path) connect_unix(c->fd);
  else connect_tcp(c->fd);
  watch(c, EPOLL_CTL_ADD, 1);
}

static void send_all(conn *c) {
  while (c->owed) {
    uint64_t most = (uint64_t)size * (uint64_t)depth, n = c->owed < most ? c->owed : most;
    ssize_t done = send(c->fd, message, n, MSG_NOSIGNAL);
    if (done < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    if (done < 0) die("send");
    c->owed -= (uint64_t)done;
    sent += (uint64_t)done;
  }
}

static void send_owed(conn *c) {
  int room;
  send_all(c);
  room = !path || c->owed;
  if (room != c->room) watch(c, EPOLL_CTL_MOD, room);
}

static int answered(conn *c, ssize_t bytes) {
  int n = 0;
  received += (uint64_t)bytes;
  for (bytes += c->partial; bytes >= size; bytes -= size, n++) {
    record(now - c->asked[c->head]);
    c->head = (c->head + 1) % (unsigned)depth;
  }
  c->partial = (int)bytes;
  requests += (uint64_t)n;
  return n;
}

static void next_request(conn *c, int n) {
  if (connecting && n) {
    close(c->fd);
    c->fd = -1;
    if (!stopped) open_one(c);
  } else if (!stopped && n) {
    /* The slots that were answered are the last of the ring now. */
    int i;
    for (i = 1; i <= n; i++) c->asked[(c->head + (unsigned)(depth - i)) % (unsigned)depth] = now;
    c->owed += (uint64_t)n * (uint64_t)size;
  }
}

static void serve(conn *c) {
  ssize_t n;
  look();
  send_owed(c);
  do {
    n = recv(c->fd, scratch, sizeof scratch, 0);
    if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    if (n <= 0) errno = n ? errno : 0, die("recv");
    next_request(c, answered(c, n));
    if (c->fd < 0) return;
    send_owed(c);
  } while (n == (ssize_t)sizeof scratch);
}

/* ---- the run ---------------------------------------------------------------------------------- */

static void turn(void) {
  struct epoll_event events[EVENTS];
  int i, n = epoll_wait(ep, events, EVENTS, 100);
  if (n < 0 && errno != EINTR) die("epoll_wait");
  for (i = 0; i < n; i++)
    if (((conn *)events[i].data.ptr)->fd >= 0) serve(events[i].data.ptr);
  look();
}

static moment run_until(double end) {
  moment m;
  do turn(); while ((double)now < end);
  m.time = (double)now;
  m.cpu = clock_ns(server_clock);
  m.requests = requests;
  return m;
}

/* Lets the answers that are under way come in, and counts all bytes. */
static void finish(void) {
  double end = (double)now + GRACE;
  int i;
  stopped = 1;
  for (i = 0; i < nconns; i++)
    if (conns[i].fd >= 0) send_owed(&conns[i]);
  while (received < sent && (double)now < end) turn();
  errno = 0;
  if (received != sent) die("bytes that came back");
}

static void options(int argc, char **argv) {
  if (argc < 8) errno = EINVAL, die("arguments");
  if (strchr(argv[1], '/')) path = argv[1];
  port = atoi(argv[1]), nconns = atoi(argv[2]), size = atoi(argv[3]), depth = atoi(argv[4]);
  warm = atof(argv[5]) * 1e9, seconds = atof(argv[6]) * 1e9;
  if (clock_getcpuclockid(atoi(argv[7]), &server_clock)) errno = ESRCH, die("server");
  connecting = argc > 8;
  message = malloc((size_t)size * (size_t)depth);
  conns = calloc((size_t)nconns, sizeof *conns);
  if (!message || !conns) die("memory");
  memset(message, 'x', (size_t)size * (size_t)depth);
}

static void open_all(void) {
  int i;
  if ((ep = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll_create1");
  look();
  for (i = 0; i < nconns; i++) {
    if (!(conns[i].asked = calloc((size_t)depth, sizeof(uint64_t)))) die("memory");
    open_one(&conns[i]);
  }
}

static void report(moment a, moment b) {
  double n = (double)(b.requests - a.requests), s = (b.time - a.time) / 1e9;
  printf("requests %.0f seconds %.3f rate %.0f mbps %.1f cpu %.4f p50 %.1f p99 %.1f\n", n, s,
         n / s, n * size / s / 1e6, (b.cpu - a.cpu) / 1e3 / n, quantile(0.5), quantile(0.99));
}

int main(int argc, char **argv) {
  moment a, b;
  options(argc, argv);
  open_all();
  a = run_until((double)now + warm);
  memset(buckets, 0, sizeof buckets);
  b = run_until((double)now + seconds);
  finish();
  report(a, b);
  return 0;
}
