/* room_sync.c - what the core is given of channels, locks and scopes. */
#include "sync.h"

static luv_class *const classes[] = {&luv__class_chan, &luv__class_mutex, &luv__class_cond, &luv__class_semaphore, &luv__class_waitgroup, &luv__class_event, &luv__class_scope, NULL};
static luv_room room = {.name = "sync", .classes = classes};
LUV_ROOM(room)
