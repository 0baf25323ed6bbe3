/* spawn.c - what bench/spawn.lua does, in C on libuv.
 *
 *   spawn children N      /bin/true, N times, one after the other, each waited for
 *   spawn cat MB          so many MB through cat, in pieces of 64 KB, both ways at once
 *   spawn signals N       raises SIGUSR1 N times, and counts what a uv_signal_t tells
 *
 * Prints "rate N us N count N": children, MB or signals per second, microseconds for one, and
 * how many there were. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define PIECE 65536

static uv_loop_t *loop;
static uv_process_t child;
static uv_pipe_t to, from;
static uv_write_t req;
static char piece[PIECE], buffer[PIECE];
static long left, count;

static void must(int err) {
  if (err >= 0) return;
  fprintf(stderr, "spawn: %s\n", uv_strerror(err));
  exit(1);
}

static void start(void);

static void on_close(uv_handle_t *h) {
  (void)h;
  count++;
  if (--left > 0) start();
}

static void on_exit_of(uv_process_t *p, int64_t code, int sig) {
  if (code || sig) exit(1);
  uv_close((uv_handle_t *)p, on_close);
}

static void start(void) {
  char *argv[] = {"/bin/true", NULL};
  uv_stdio_container_t io[3];
  uv_process_options_t o;
  int i;
  memset(&o, 0, sizeof o);
  for (i = 0; i < 3; i++) {
    io[i].flags = UV_INHERIT_FD;
    io[i].data.fd = i;
  }
  o.file = argv[0];
  o.args = argv;
  o.exit_cb = on_exit_of;
  o.stdio = io;
  o.stdio_count = 3;
  must(uv_spawn(loop, &child, &o));
}

static void on_write(uv_write_t *r, int status) {
  uv_buf_t b = uv_buf_init(piece, PIECE);
  must(status);
  (void)r;
  if (left-- > 0) must(uv_write(&req, (uv_stream_t *)&to, &b, 1, on_write));
  else uv_close((uv_handle_t *)&to, NULL);
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *b) {
  (void)h, (void)size;
  *b = uv_buf_init(buffer, PIECE);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b) {
  (void)b;
  if (n > 0) count += n;
  else if (n < 0) uv_close((uv_handle_t *)s, NULL);
}

static void on_cat_exit(uv_process_t *p, int64_t code, int sig) {
  if (code || sig) exit(1);
  uv_close((uv_handle_t *)p, NULL);
}

static void cat(void) {
  char *argv[] = {"cat", NULL};
  uv_stdio_container_t io[3];
  uv_process_options_t o;
  memset(&o, 0, sizeof o);
  uv_pipe_init(loop, &to, 0);
  uv_pipe_init(loop, &from, 0);
  io[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
  io[0].data.stream = (uv_stream_t *)&to;
  io[1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
  io[1].data.stream = (uv_stream_t *)&from;
  io[2].flags = UV_INHERIT_FD;
  io[2].data.fd = 2;
  o.file = argv[0];
  o.args = argv;
  o.exit_cb = on_cat_exit;
  o.stdio = io;
  o.stdio_count = 3;
  must(uv_spawn(loop, &child, &o));
  must(uv_read_start((uv_stream_t *)&from, on_alloc, on_read));
  on_write(&req, 0);
}

static void on_signal(uv_signal_t *h, int sig) {
  (void)h, (void)sig;
  count++;
}

static void signals(long n) {
  uv_signal_t h;
  long i;
  uv_signal_init(loop, &h);
  must(uv_signal_start(&h, on_signal, SIGUSR1));
  for (i = 1; i <= n; i++) {
    raise(SIGUSR1);
    if (i % 100 == 0) uv_run(loop, UV_RUN_NOWAIT);
  }
  uv_close((uv_handle_t *)&h, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv) {
  uint64_t began = uv_hrtime();
  long n = argc == 3 ? atol(argv[2]) : 0;
  double seconds;
  if (n < 1) return 1;
  loop = uv_default_loop();
  left = n;
  if (strcmp(argv[1], "children") == 0) start();
  else if (strcmp(argv[1], "cat") == 0) {
    left = n * 16;
    cat();
  } else signals(n);
  uv_run(loop, UV_RUN_DEFAULT);
  if (strcmp(argv[1], "cat") == 0) count /= 1 << 20;
  seconds = (double)(uv_hrtime() - began) / 1e9;
  printf("rate %.2f us %.2f count %ld\n", (double)n / seconds, seconds / (double)n * 1e6, count);
  return count < n && strcmp(argv[1], "signals") != 0;
}
