/* room_signal.c - what the core is given of signals. */
#include "luv.h"

#define FACES(X) \
  X(signal_next, 1)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_signal, NULL};
static luv_room room = {.name = "signal", .faces = faces, .classes = classes};
LUV_ROOM(room)
