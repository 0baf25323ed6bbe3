/* room_thread.c - what the core is given of threads. */
#include "thread.h"

static luv_class *const classes[] = {&luv__class_thread, &luv__class_thread_chan, &luv__class_thread_pool, NULL};
static luv_room room = {.name = "thread", .classes = classes};
LUV_ROOM(room)
