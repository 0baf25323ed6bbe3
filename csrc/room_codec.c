/* room_codec.c - what the core is given of the codec. */
#include "codec_format.h"

#define FACES(X) \
  X(codec_encode, 0) X(codec_decode, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_room room = {.name = "codec", .faces = faces};
LUV_ROOM(room)
