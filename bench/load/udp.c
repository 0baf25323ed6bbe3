/* udp.c - loads a UDP echo server on 127.0.0.1 from one thread.
 *
 *   udp PORT PEERS SIZE DEPTH WARM SECONDS PID
 *
 * Each of PEERS sockets keeps DEPTH datagrams of SIZE bytes in flight, by sendmmsg and recvmmsg, so
 * that the load costs less than the server. After WARM seconds it looks at the CPU clock of
 * the process PID, and again SECONDS later. The one rule: what comes back is what was sent;
 * a peer that gets nothing for 100 ms takes its datagrams for lost, and these are told.
 *
 * Prints "requests N lost N rate N cpu N": answers, answers/s, microseconds of the server's
 * CPU per answer. */
#include <arpa/inet.h>
#include <sched.h>
#include <stdint.h>
#include <sys/socket.h>

#include "load.h"

#define MOST 64

typedef struct { int fd, flying; double heard; } peer;

static int npeers, size, depth;
static char *message, *answers;
static struct mmsghdr out[MOST], in[MOST];
static struct iovec out_bytes, in_bytes[MOST];
static uint64_t received, lost;

static void prepare(void) {
  int i;
  message = malloc((size_t)size);
  answers = malloc((size_t)size * MOST);
  for (i = 0; i < size; i++) message[i] = (char)('a' + i % 26);
  out_bytes.iov_base = message;
  out_bytes.iov_len = (size_t)size;
  for (i = 0; i < MOST; i++) {
    out[i].msg_hdr.msg_iov = &out_bytes;
    in_bytes[i].iov_base = answers + i * size;
    in_bytes[i].iov_len = (size_t)size;
    in[i].msg_hdr.msg_iov = &in_bytes[i];
    out[i].msg_hdr.msg_iovlen = in[i].msg_hdr.msg_iovlen = 1;
  }
}

static void open_peer(peer *p, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (p->fd < 0 || connect(p->fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
  p->flying = 0;
}

static void fill(peer *p) {
  while (p->flying < depth) {
    int n = depth - p->flying < MOST ? depth - p->flying : MOST;
    n = sendmmsg(p->fd, out, (unsigned)n, 0);
    if (n < 0 && errno != EAGAIN) die("sendmmsg");
    if (n <= 0) return;
    p->flying += n;
  }
}

static void drain(peer *p, double now) {
  int i, n = recvmmsg(p->fd, in, MOST, 0, NULL);
  if (n < 0 && errno != EAGAIN) die("recvmmsg");
  for (i = 0; i < n; i++)
    if ((int)in[i].msg_len != size || memcmp(answers + i * size, message, (size_t)size)) errno = 0, die("answer");
  if (n <= 0) return;
  received += (uint64_t)n;
  p->flying -= n;
  p->heard = now;
}

/* The load never sleeps: to wake it would be the server's work. */
static void turn(peer *peers) {
  double now = clock_ns(CLOCK_MONOTONIC);
  uint64_t before = received;
  int i;
  for (i = 0; i < npeers; i++) {
    drain(&peers[i], now);
    if (now - peers[i].heard > 1e8) {
      lost += (uint64_t)peers[i].flying;
      peers[i].flying = 0;
      peers[i].heard = now;
    }
    fill(&peers[i]);
  }
  if (received == before) sched_yield();
}

int main(int argc, char **argv) {
  peer *peers;
  clockid_t server;
  double start, begin = 0, cpu = 0, warm, seconds, now;
  uint64_t before = 0;
  int i;
  if (argc < 8) return 2;
  npeers = atoi(argv[2]), size = atoi(argv[3]), depth = atoi(argv[4]);
  warm = atof(argv[5]) * 1e9, seconds = atof(argv[6]) * 1e9;
  if (clock_getcpuclockid(atoi(argv[7]), &server)) die("clock of the server");
  prepare();
  peers = calloc((size_t)npeers, sizeof *peers);
  start = clock_ns(CLOCK_MONOTONIC);
  for (i = 0; i < npeers; i++) {
    open_peer(&peers[i], atoi(argv[1]));
    peers[i].heard = start;
    fill(&peers[i]);
  }
  for (;;) {
    turn(peers);
    now = clock_ns(CLOCK_MONOTONIC);
    if (!begin && now - start >= warm) begin = now, cpu = clock_ns(server), before = received, lost = 0;
    if (begin && now - begin >= seconds) break;
  }
  cpu = clock_ns(server) - cpu;
  received -= before;
  if (!received) errno = 0, die("no answer");
  printf("requests %llu lost %llu rate %.0f cpu %.4f\n", (unsigned long long)received, (unsigned long long)lost,
         (double)received / (now - begin) * 1e9, cpu / (double)received / 1e3);
  return 0;
}
