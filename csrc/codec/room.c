/* room.c - what the core is given of the codec. */
#include "codec_format.h"

#define FACES(X) \
  X(codec_encode, 0) X(codec_decode, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

luv_room luv__codec_room = {.name = "codec", .faces = faces,
                           .size = sizeof(luv_codec_state), .gives = {.namer = &luv__codec_namer}, .freed = luv__codec_close};
LUV_ROOM(luv__codec_room)
