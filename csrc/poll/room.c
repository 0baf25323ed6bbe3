/* room.c - what the core is given of foreign descriptors. */
#include "poll_set.h"

#define FACES(X) \
  X(poll_create, 0) X(poll_wait, 1) X(poll_fileno, 0) X(poll_set, 0) X(pollset_add, 0) X(pollset_remove, 0) \
  X(pollset_wait, 1)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_poll, &luv__class_pollset, NULL};
luv_room luv__poll_room = {.name = "poll", .faces = faces, .size = sizeof(uint32_t), .classes = classes};
LUV_ROOM(luv__poll_room)
