/* room_process.c - what the core is given of processes. */
#include "luv.h"

static luv_class *const classes[] = {&luv__class_process, NULL};
static luv_room room = {.name = "process", .classes = classes};
LUV_ROOM(room)
