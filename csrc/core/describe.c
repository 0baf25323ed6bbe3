/* describe.c - who waits for what, in words: for dumps and reports. */
#include "luv.h"

/* wait.on is what its operation makes of it: an object only if the state knows it as one. */
static luv_object *object_of(luv_fiber *f) {
  luv_queue *q, *objects = &f->state->objects;
  for (q = objects->next; q != objects; q = q->next)
    if (luv_container(q, luv_object, link) == f->wait.on) return f->wait.on;
  return NULL;
}

static void write_ip(const struct sockaddr_storage *a, FILE *out) {
  char host[64] = "";
  if (a->ss_family == AF_INET) uv_ip4_name((const struct sockaddr_in *)a, host, sizeof host);
  else if (a->ss_family == AF_INET6) uv_ip6_name((const struct sockaddr_in6 *)a, host, sizeof host);
  else return;
  fprintf(out, " (%s port %d)", host, ntohs(((const struct sockaddr_in *)a)->sin_port)); /* at one place in both */
}

/* The peer of a socket, or what it is bound to. */
void luv__write_address(luv_object *o, FILE *out) {
  struct sockaddr_storage a;
  struct sockaddr *p = (struct sockaddr *)&a;
  char path[256];
  size_t n = sizeof path;
  int len = sizeof a;
  union { uv_handle_t *h; uv_tcp_t *tcp; uv_udp_t *udp; uv_pipe_t *pipe; } u;
  if (!(o->flags & LUV_O_HANDLE)) return;
  u.h = luv__handle(o);
  if (u.h->type == UV_TCP && (uv_tcp_getpeername(u.tcp, p, &len) == 0 || uv_tcp_getsockname(u.tcp, p, (len = sizeof a, &len)) == 0))
    write_ip(&a, out);
  else if (u.h->type == UV_UDP && uv_udp_getsockname(u.udp, p, &len) == 0) write_ip(&a, out);
  else if (u.h->type == UV_NAMED_PIPE && ((uv_pipe_getpeername(u.pipe, path, &n) == 0 && n) ||
           (n = sizeof path, uv_pipe_getsockname(u.pipe, path, &n) == 0)) && n)
    fprintf(out, " (%.*s)", (int)n, path);
}

static void write_object(luv_fiber *f, FILE *out) {
  luv_object *o = object_of(f);
  if (!o) return;
  fprintf(out, " on %s %p", luv__class_name(o->class_id), (void *)o->box);
  luv__write_address(o, out);
  if (luv__classes[o->class_id]->write) luv__classes[o->class_id]->write(o, out);
}

/* What f waits for, with the object; of luv.select, each case. */
void luv__write_wait(luv_state *S, luv_fiber *f, FILE *out) {
  fputs(f->wait.op->name, out);
  if (f->wait.op->write) f->wait.op->write(S, f, out);
  else write_object(f, out);
}

