/* room_zmq.c - what the core is given of ØMQ. */
#include "luvzmq.h"

static luv_class *const classes[] = {&luv__class_zmq, &luv__class_zmq_monitor, &luv__class_zmq_context, NULL};
static luv_room room = {.name = "zmq", .classes = classes};
LUV_ROOM(room)
