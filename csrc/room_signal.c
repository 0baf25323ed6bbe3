/* room_signal.c - what the core is given of signals. */
#include "luv.h"

static luv_class *const classes[] = {&luv__class_signal, NULL};
static luv_room room = {.name = "signal", .classes = classes};
LUV_ROOM(room)
