/* echo.c - the limit of an echo server: libuv alone, as fast as it honestly goes.
 *
 *   echo PORT             prints "ready" when it listens on 127.0.0.1
 *   echo PATH             a unix socket, at a path with a slash
 *
 * What a careful C programmer does: one read buffer for all connections, since a read is
 * answered before the next one; the answer is written at once, and only what the socket
 * does not take is copied and queued. The one rule: a connection whose answers are queued
 * is not read from, so memory stays bounded, as it does in any server worth comparing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#define BACKLOG 511

static uv_loop_t *loop;
static char buffer[65536];

/* The rest of an answer, in one block with its bytes. */
typedef struct {
  uv_write_t req;
  char bytes[];
} rest;

static void check(int err, const char *what) {
  if (err >= 0) return;
  fprintf(stderr, "echo: %s: %s\n", what, uv_strerror(err));
  exit(1);
}

static void on_close(uv_handle_t *h) { free(h); }

static void drop(uv_stream_t *s) {
  if (!uv_is_closing((uv_handle_t *)s)) uv_close((uv_handle_t *)s, on_close);
}

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *buf) {
  (void)h, (void)hint;
  *buf = uv_buf_init(buffer, sizeof buffer);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf);

static void on_written(uv_write_t *req, int status) {
  uv_stream_t *s = req->handle;
  free(req);
  if (status < 0 || uv_read_start(s, on_alloc, on_read) < 0) drop(s);
}

static void write_rest(uv_stream_t *s, const char *bytes, size_t n) {
  rest *r = malloc(sizeof *r + n);
  uv_buf_t buf;
  if (!r) return drop(s);
  memcpy(r->bytes, bytes, n);
  buf = uv_buf_init(r->bytes, (unsigned)n);
  uv_read_stop(s);
  if (uv_write(&r->req, s, &buf, 1, on_written) < 0) {
    free(r);
    drop(s);
  }
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  uv_buf_t answer;
  int done;
  if (n == 0) return;
  if (n < 0) return drop(s);
  answer = uv_buf_init(buf->base, (unsigned)n);
  done = uv_try_write(s, &answer, 1);
  if (done < 0 && done != UV_EAGAIN) return drop(s);
  if (done < 0) done = 0;
  if (done < n) write_rest(s, buf->base + done, (size_t)(n - done));
}

static void on_connection(uv_stream_t *server, int status) {
  union { uv_tcp_t tcp; uv_pipe_t pipe; } *client;
  if (status < 0 || !(client = malloc(sizeof *client))) return;
  if (server->type == UV_TCP) check(uv_tcp_init(loop, &client->tcp), "tcp");
  else check(uv_pipe_init(loop, &client->pipe, 0), "pipe");
  if (uv_accept(server, (uv_stream_t *)client) < 0 ||
      uv_read_start((uv_stream_t *)client, on_alloc, on_read) < 0)
    drop((uv_stream_t *)client);
}

static uv_stream_t *tcp_server(int port) {
  static uv_tcp_t server;
  struct sockaddr_in address;
  check(uv_ip4_addr("127.0.0.1", port, &address), "address");
  check(uv_tcp_init(loop, &server), "tcp");
  check(uv_tcp_bind(&server, (const struct sockaddr *)&address, 0), "bind");
  return (uv_stream_t *)&server;
}

static uv_stream_t *pipe_server(const char *path) {
  static uv_pipe_t server;
  unlink(path);
  check(uv_pipe_init(loop, &server, 0), "pipe");
  check(uv_pipe_bind(&server, path), "bind");
  return (uv_stream_t *)&server;
}

int main(int argc, char **argv) {
  const char *at = argc > 1 ? argv[1] : "8080";
  uv_stream_t *server;
  loop = uv_default_loop();
  server = strchr(at, '/') ? pipe_server(at) : tcp_server(atoi(at));
  check(uv_listen(server, BACKLOG, on_connection), "listen");
  puts("ready");
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
