/* room_poll.c - what the core is given of foreign descriptors. */
#include "luv.h"

static luv_class *const classes[] = {&luv__class_poll, NULL};
static luv_room room = {.name = "poll", .classes = classes};
LUV_ROOM(room)
