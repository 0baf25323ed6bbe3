/* room.c - what the core is given of foreign descriptors. */
#include "luv.h"

extern luv_class luv__class_poll;

#define FACES(X) \
  X(poll_create, 0) X(poll_wait, 1) X(poll_fileno, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_poll, NULL};
luv_room luv__poll_room = {.name = "poll", .faces = faces, .size = sizeof(uint32_t), .classes = classes};
LUV_ROOM(luv__poll_room)
