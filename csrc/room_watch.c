/* room_watch.c - what the core is given of who looks at the others: dumps, statistics, the watchdog. */
#include "dump.h"

#define FACES(X) \
  X(stats, 0) X(dump, 0) X(watchdog, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_room room = {.name = "watch", .faces = faces};
LUV_ROOM(room)
