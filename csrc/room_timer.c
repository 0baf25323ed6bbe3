/* room_timer.c - what the core is given of timers. */
#include "luv.h"

static luv_class *const classes[] = {&luv__class_timer, NULL};
static luv_room room = {.name = "timer", .classes = classes};
LUV_ROOM(room)
