/* room_stream.c - what the core is given of streams. */
#include "stream.h"

static luv_class *const classes[] = {&luv__class_tcp, &luv__class_pipe, &luv__class_tty, &luv__class_stdio, NULL};
static luv_room room = {.name = "stream", .classes = classes};
LUV_ROOM(room)
