/* tls.c - the limit of a TLS echo server: libuv and OpenSSL, with memory between the two.
 *
 *   tls PORT CERT KEY     prints "ready" when it listens on 127.0.0.1
 *
 * As limit/echo.c, with the careful programmer's TLS on top: what is read goes into the input BIO,
 * what SSL_read gives is written at once, and what the output BIO holds is tried, then queued. The
 * one rule: a connection whose answers are queued is not read from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <uv.h>

static uv_loop_t *loop;
static SSL_CTX *ctx;
static char buffer[65536], plain[65536];

typedef struct {
  uv_tcp_t tcp; /* first */
  SSL *ssl;
  BIO *in, *out;
  int queued;
} conn;

typedef struct { uv_write_t req; char bytes[]; } rest;

static void check(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "tls: %s\n", what);
  exit(1);
}

static void on_close(uv_handle_t *h) {
  conn *c = (conn *)h;
  SSL_free(c->ssl);
  free(c);
}

static void drop(conn *c) {
  if (!uv_is_closing((uv_handle_t *)&c->tcp)) uv_close((uv_handle_t *)&c->tcp, on_close);
}

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *buf) {
  (void)h, (void)hint;
  *buf = uv_buf_init(buffer, sizeof buffer);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf);
static void pump(conn *c);

static void on_written(uv_write_t *req, int status) {
  conn *c = (conn *)req->handle;
  free(req);
  c->queued = 0;
  if (status < 0 || uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0) drop(c);
  else pump(c);
}

static void queue(conn *c, const char *p, size_t n) {
  rest *r = malloc(sizeof *r + n);
  uv_buf_t buf;
  check(r != NULL, "memory");
  memcpy(r->bytes, p, n);
  buf = uv_buf_init(r->bytes, (unsigned)n);
  uv_read_stop((uv_stream_t *)&c->tcp);
  c->queued = 1;
  if (uv_write(&r->req, (uv_stream_t *)&c->tcp, &buf, 1, on_written) < 0) free(r), drop(c);
}

/* Sends what OpenSSL has written. */
static void flush(conn *c) {
  char *p;
  long n = BIO_get_mem_data(c->out, &p);
  uv_buf_t buf;
  int done;
  if (n <= 0) return;
  buf = uv_buf_init(p, (unsigned)n);
  done = uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
  if (done < 0 && done != UV_EAGAIN) return drop(c);
  if (done < 0) done = 0;
  if (done < n) queue(c, p + done, (size_t)(n - done));
  (void)BIO_reset(c->out);
}

static void pump(conn *c) {
  int n, failed;
  if (!SSL_is_init_finished(c->ssl)) {
    n = SSL_do_handshake(c->ssl);
    failed = n <= 0 && SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ;
    flush(c);
    if (failed) return drop(c);
    if (n <= 0) return;
  }
  while (!c->queued && !uv_is_closing((uv_handle_t *)&c->tcp)) {
    n = SSL_read(c->ssl, plain, sizeof plain);
    if (n <= 0) {
      if (SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ) drop(c);
      return;
    }
    if (SSL_write(c->ssl, plain, n) != n) return drop(c);
    flush(c);
  }
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  conn *c = (conn *)s;
  if (n == 0) return;
  if (n < 0) return drop(c);
  BIO_write(c->in, buf->base, (int)n);
  pump(c);
}

static void on_connection(uv_stream_t *server, int status) {
  conn *c = status < 0 ? NULL : calloc(1, sizeof *c);
  if (!c) return;
  check(uv_tcp_init(loop, &c->tcp) == 0, "tcp");
  c->ssl = SSL_new(ctx);
  c->in = BIO_new(BIO_s_mem());
  c->out = BIO_new(BIO_s_mem());
  SSL_set_bio(c->ssl, c->in, c->out);
  SSL_set_accept_state(c->ssl);
  if (uv_accept(server, (uv_stream_t *)&c->tcp) < 0 || uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0) drop(c);
  else uv_tcp_nodelay(&c->tcp, 1);
}

int main(int argc, char **argv) {
  static uv_tcp_t server;
  struct sockaddr_in address;
  check(argc == 4, "PORT CERT KEY expected");
  loop = uv_default_loop();
  ctx = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  check(SSL_CTX_use_certificate_chain_file(ctx, argv[2]) == 1, "certificate");
  check(SSL_CTX_use_PrivateKey_file(ctx, argv[3], SSL_FILETYPE_PEM) == 1, "key");
  uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
  check(uv_tcp_init(loop, &server) == 0 && uv_tcp_bind(&server, (struct sockaddr *)&address, 0) == 0, "bind");
  check(uv_listen((uv_stream_t *)&server, 511, on_connection) == 0, "listen");
  puts("ready");
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
