/* udp.c - the limit of a UDP echo server: libuv alone, as fast as it honestly goes.
 *
 *   udp PORT              prints "ready" when it is bound to 127.0.0.1
 *
 * Up to 20 datagrams are taken by one system call (recvmmsg), and each is answered at once.
 * The one rule: an answer that there is no room for is dropped, as the network may do. */
#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

static char buffer[20 * 65536];

static void check(int err, const char *what) {
  if (err >= 0) return;
  fprintf(stderr, "udp: %s: %s\n", what, uv_strerror(err));
  exit(1);
}

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *buf) {
  (void)h, (void)hint;
  *buf = uv_buf_init(buffer, sizeof buffer);
}

static void on_recv(uv_udp_t *h, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags) {
  uv_buf_t answer;
  (void)flags;
  if (n < 0 || !from) return;
  answer = uv_buf_init(buf->base, (unsigned)n);
  uv_udp_try_send(h, &answer, 1, from);
}

int main(int argc, char **argv) {
  uv_loop_t *loop = uv_default_loop();
  uv_udp_t server;
  struct sockaddr_in address;
  check(uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 8080, &address), "address");
  check(uv_udp_init_ex(loop, &server, AF_INET | UV_UDP_RECVMMSG), "udp");
  check(uv_udp_bind(&server, (const struct sockaddr *)&address, 0), "bind");
  check(uv_udp_recv_start(&server, on_alloc, on_recv), "recv");
  puts("ready");
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
