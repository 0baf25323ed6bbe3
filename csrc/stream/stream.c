/* stream.c - what every stream (tcp, pipe, tty) has beside reading and writing. */
#include <poll.h>
#include "luvstdio.h"
#include "readiness.h"

luv_stream *luv__stream_new(luv_state *S, int class_id) { return luv__stream_sized(S, class_id, sizeof(luv_stream)); }

luv_stream *luv__stream_sized(luv_state *S, int class_id, size_t size) {
  luv_stream *s = (luv_stream *)luv__object_new(S, class_id, size);
  if (!s) return NULL;
  s->o.flags = LUV_O_STREAM | LUV_O_HANDLE;
  queue_init(&s->readers);
  queue_init(&s->writers);
  queue_init(&s->accepted);
  queue_init(&s->unread);
  queue_init(&s->watchers);
  s->h.s.data = s;
  return s;
}

int luv__is_stream(const luv_box *b) {
  return (luv__classes[b->class_id]->flags & LUV_CLASS_STREAM) != 0;
}

luv_stream *luv__check_stream(luv_state *S, lua_State *L, const char *fname) {
  luv_box *b = luv__anybox(L, 1);
  if (LUV_UNLIKELY(!b || !luv__is_stream(b))) luv__type_error(S, L, 1, 0, fname, "stream");
  if (LUV_UNLIKELY(!b->o || (b->o->flags & LUV_O_CLOSING))) return NULL;
  return (luv_stream *)b->o;
}

/* The stream is being closed: all waits on it end, what is buffered goes. */
void luv__stream_closing(luv_object *o) {
  luv_stream *s = (luv_stream *)o;
  luv_state *S = o->S;
  if (!(o->flags & LUV_O_STREAM)) return; /* stdio that was closed as luv was loaded */
  if (s->upper) luv__object_close(&s->upper->o); /* it has nothing any more */
  luv__unix_unbind(&s->bound);
  luv__options_free(s);
  queue_remove(&s->unread);
  if (s->o.class_id == luv__class_tty.id) luv__tty_closing(s);
  if (!S) return;
  luv__wake_all_error(S, &s->readers, UV_ECANCELED);
  luv__ready_closing(s);
  luv__write_closing(s);
  luv__accept_closing(s);
  if (s->engine) s->engine->closing(s);
  luv__buffer_free(&s->in);
}

luv_queue *luv__stream_queues(luv_object *o, int i) {
  luv_stream *s = (luv_stream *)o;
  return !(o->flags & LUV_O_STREAM) || i > 1 ? NULL : i ? &s->writers : &s->readers;
}

void luv__stream_read_stop(luv_stream *s) {
  if (!(s->o.flags & LUV_O_READING)) return;
  s->o.flags &= ~(uint32_t)LUV_O_READING;
  queue_remove(&s->unread);
  if (s->engine && s->engine->read_stop) s->engine->read_stop(s);
  else uv_read_stop(&s->h.s);
}

static int std_descriptor(luv_object *o) {
  luv_stream *s = (luv_stream *)o;
  return s->std ? luv__std_fd(s->std) : UV_EBADF;
}

luv_class luv__class_tcp = {.name = "luv.tcp", LUV_STREAM_CLASS}, luv__class_pipe = {.name = "luv.pipe", LUV_STREAM_CLASS},
          luv__class_tty = {.name = "luv.tty", LUV_STREAM_CLASS},
          luv__class_stdio = {.name = "luv.stdio", LUV_STREAM_CLASS, .descriptor = std_descriptor};

int luv__poll_now(luv_stream *s, short events) {
  struct pollfd p = {-1, events, 0};
  uv_os_fd_t fd;
  if (luv__descriptor(&s->o, &fd)) return 0;
  p.fd = fd;
  return poll(&p, 1, 0) > 0;
}

/* yes = stream:readable(): a read would not wait */
int luv_stream_readable(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "readable");
  if (s && luv__over_another(s) && !s->in.len && !s->error) { /* what the kernel has need not be enough */
    luv__stream_read_more(s);
    luv__glance(S);
    s = luv__check_stream(S, L, "readable");
  }
  lua_pushboolean(L, s && (s->in.len || s->error || luv__poll_now(s, POLLIN)));
  return 1;
}

/* yes = stream:writable(): a write of some bytes would not wait */
int luv_stream_writable(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "writable");
  if (s && luv__over_another(s)) lua_pushboolean(L, luv__can_write(s) && s->engine->ready(s, LUV_WRITE));
  else
    lua_pushboolean(L, s && queue_empty(&s->writers) && !s->writing &&
                         (s->std ? luv__std_writable(s->std) : uv_is_writable(&s->h.s)) && luv__poll_now(s, POLLOUT));
  return 1;
}

/* stream = stream:start(): reads ahead, up to the high-water mark */
int luv_stream_start(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "start");
  if (!s) return luv__fail(L, UV_EBADF);
  s->o.flags |= LUV_O_FLOWING;
  luv__stream_read_more(s);
  if (s->error && s->error != UV_EOF) return luv__fail(L, s->error);
  lua_settop(L, 1);
  return 1;
}

/* stream = stream:stop(): reads no further until the next read asks for it */
int luv_stream_stop(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "stop");
  if (!s) return luv__fail(L, UV_EBADF);
  s->o.flags &= ~(uint32_t)LUV_O_FLOWING;
  if (queue_empty(&s->readers)) luv__stream_read_stop(s);
  lua_settop(L, 1);
  return 1;
}

/* n = stream:read_queue_size(): bytes that were read ahead, or put back */
int luv_stream_read_queue_size(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "read_queue_size");
  if (!s) return luv__fail(L, UV_EBADF);
  lua_pushnumber(L, (lua_Number)s->in.len);
  return 1;
}

/* n = stream:write_queue_size(): bytes that libuv has not written yet */
int luv_stream_write_queue_size(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "write_queue_size");
  if (!s) return luv__fail(L, UV_EBADF);
  lua_pushnumber(L, (lua_Number)luv__unwritten(s));
  return 1;
}
