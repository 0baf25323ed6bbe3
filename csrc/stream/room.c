/* room.c - what the core is given of streams. */
#include "stream.h"

#define FACES(X) \
  X(tcp_create, 0) X(tcp_connect, 1) X(stream_read, 1) X(stream_read_exactly, 1) X(stream_read_line, 1) \
  X(stream_read_until, 1) X(stream_read_all, 1) X(stream_lines, 0) X(stream_unread, 0) \
  X(stream_wait, 1) X(stream_write_some, 1) X(stream_detach, 0) X(stream_write, 1) \
  X(stream_shutdown, 1) X(stream_accept, 1) X(stream_readable, 0) X(stream_writable, 0) \
  X(stream_start, 0) X(stream_stop, 0) X(stream_write_queue_size, 0) X(stream_read_queue_size, 0) X(pipe_open, 0) \
  X(pipe_pending, 0) X(stdio_fileno, 0) X(tty_open, 0) X(tty_isatty, 0) X(tty_guess, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_tcp, &luv__class_pipe, &luv__class_tty, &luv__class_stdio, NULL};
static int begin(luv_state *S) { return !(luv__streams(S)->buf = malloc(LUV_READ_SIZE)); }

static void freed(luv_state *S) { free(luv__streams(S)->buf); }

luv_room luv__stream_room = {.name = "stream", .faces = faces, .classes = classes,
                            .size = sizeof(luv_streams), .gives = {.receive = luv__receive}, .begin = begin, .open = luv__std_open,
                            .closed = luv__ready_free, .freed = freed, .exit = luv__tty_reset};
LUV_ROOM(luv__stream_room)
