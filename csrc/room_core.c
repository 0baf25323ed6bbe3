/* room_core.c - what the core is given of the core itself: fibers, and what Go makes. */
#include "luv.h"

luv_class luv__class_other = {.name = "luv.handle"}; /* of Go's, without a userdata */

static luv_class *const classes[] = {&luv__class_other, &luv__class_fiber, NULL};
static luv_room room = {.name = "core", .classes = classes};
LUV_ROOM(room)
