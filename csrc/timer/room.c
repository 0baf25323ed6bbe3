/* room.c - what the core is given of timers. */
#include "timer.h"

#define FACES(X) \
  X(sleep, 1) X(timer_create, 0) X(timer_start, 0) X(timer_stop, 0) X(timer_again, 0) X(timer_next, 1) \
  X(timer_set_repeat, 0) X(timer_get_repeat, 0) X(timer_due_in, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_timer, NULL};
luv_room luv__timer_room = {.name = "timer", .faces = faces, .classes = classes};
LUV_ROOM(luv__timer_room)
