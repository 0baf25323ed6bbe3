/* uvcb.c - libuv's callbacks, one per callback type, for handles that Go made.
 *
 * A handle with LUV_O_GO hands its events to Go by slot number. Otherwise the event is
 * counted, and wakes those who wait for it, without entering Go. */
#include "luv.h"

static void event(luv_object *o, int what, int64_t a, const void *p) {
  if (o->flags & LUV_O_CLOSING) return;
  if (o->flags & LUV_O_GO) {
    if (o->S) o->S->go_callbacks++;
    luv__go_event(o->slot, what, a, p);
    return;
  }
  o->events++;
  if (!o->S || queue_empty(&o->waiters)) return;
  luv__wake_all(o->S, &o->waiters, LUV_OUT_COUNT, o->events);
  o->events = 0;
}

void luv_on_timer(uv_timer_t *h) { event(h->data, LUV_EV_FIRED, 0, NULL); }
void luv_on_idle(uv_idle_t *h) { event(h->data, LUV_EV_FIRED, 0, NULL); }
void luv_on_async(uv_async_t *h) { event(h->data, LUV_EV_FIRED, 0, NULL); }
void luv_on_signal(uv_signal_t *h, int n) { event(h->data, LUV_EV_FIRED, n, NULL); }

/* ---- streams that Go uses alone ----------------------------------------------------- */

void luv_on_go_connection(uv_stream_t *h, int status) {
  event(h->data, LUV_EV_CONNECTION, status, NULL);
}

void luv_on_go_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf) {
  (void)h;
  buf->base = malloc(size);
  buf->len = buf->base ? size : 0;
}

void luv_on_go_read(uv_stream_t *h, ssize_t n, const uv_buf_t *buf) {
  if (n != 0) event(h->data, LUV_EV_READ, n, buf->base);
  free(buf->base);
}

/* ---- sockets of datagrams and descriptors that Go uses alone --------------------------- */

/* What a datagram is for Go; uv/udp.go knows it. */
void luv_on_go_recv(uv_udp_t *h, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags) {
  luv_go_datagram d = {buf->base, from, (flags & UV_UDP_PARTIAL) != 0};
  if (from || n < 0) event(h->data, LUV_EV_READ, n, &d);
  free(buf->base); /* never one of several: udp.c asks for these only in Lua states */
}

void luv_on_poll(uv_poll_t *h, int status, int events) {
  event(h->data, LUV_EV_FIRED, status < 0 ? status : events, NULL);
}

/* A request of Go's: its own slot number, and the bytes it points to behind it. */
typedef struct {
  union { uv_write_t write; uv_shutdown_t shutdown; uv_connect_t connect;
          uv_getaddrinfo_t addrinfo; uv_udp_send_t send; } u;
  uint64_t go;
  int what;
} go_req;

static void done(go_req *r, int status, const void *p) {
  luv__go_event(r->go, r->what, status, p);
  free(r);
}

static void on_write(uv_write_t *w, int status) { done((go_req *)w, status, NULL); }
static void on_shutdown(uv_shutdown_t *w, int status) { done((go_req *)w, status, NULL); }
static void on_connect(uv_connect_t *w, int status) { done((go_req *)w, status, NULL); }

static void on_send(uv_udp_send_t *w, int status) { done((go_req *)w, status, NULL); }

static void on_addrinfo(uv_getaddrinfo_t *w, int status, struct addrinfo *list) {
  done((go_req *)w, status, list);
  uv_freeaddrinfo(list);
}

static go_req *request(uint64_t go, int what, size_t extra) {
  go_req *r = calloc(1, sizeof *r + extra);
  if (!r) return NULL;
  r->go = go;
  r->what = what;
  return r;
}

static int begun(go_req *r, int err) {
  if (err) free(r);
  return err;
}

int luv__go_write(luv_object *o, uint64_t go, const void *p, size_t n) {
  go_req *r = request(go, LUV_EV_WRITE, n);
  uv_buf_t buf;
  if (!r) return UV_ENOMEM;
  memcpy(r + 1, p, n);
  buf.base = (char *)(r + 1); /* uv_buf_init cuts the length to 32 bits */
  buf.len = n;
  return begun(r, uv_write(&r->u.write, (uv_stream_t *)luv__handle(o), &buf, 1, on_write));
}

int luv__go_shutdown(luv_object *o, uint64_t go) {
  go_req *r = request(go, LUV_EV_SHUTDOWN, 0);
  if (!r) return UV_ENOMEM;
  return begun(r, uv_shutdown(&r->u.shutdown, (uv_stream_t *)luv__handle(o), on_shutdown));
}

int luv__go_connect(luv_object *o, uint64_t go, const struct sockaddr *addr) {
  go_req *r = request(go, LUV_EV_CONNECT, 0);
  if (!r) return UV_ENOMEM;
  return begun(r, uv_tcp_connect(&r->u.connect, (uv_tcp_t *)luv__handle(o), addr, on_connect));
}

/* `to` is NULL for a connected socket. */
int luv__go_send(luv_object *o, uint64_t go, const void *p, size_t n, const struct sockaddr *to) {
  go_req *r = request(go, LUV_EV_WRITE, n);
  uv_buf_t buf;
  if (!r) return UV_ENOMEM;
  memcpy(r + 1, p, n);
  buf.base = (char *)(r + 1); /* uv_buf_init cuts the length to 32 bits */
  buf.len = n;
  return begun(r, uv_udp_send(&r->u.send, (uv_udp_t *)luv__handle(o), &buf, 1, to, on_send));
}

int luv__go_getaddrinfo(uv_loop_t *loop, uint64_t go, const char *node, const char *service,
                        const struct addrinfo *hints) {
  go_req *r = request(go, LUV_EV_ADDRINFO, 0);
  if (!r) return UV_ENOMEM;
  return begun(r, uv_getaddrinfo(loop, &r->u.addrinfo, on_addrinfo, node, service, hints));
}
