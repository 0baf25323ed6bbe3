/* room.c - what the core is given of TLS. */
#include "tls.h"

#define FACES(X) X(tls_config, 0) X(tls_connect, 1) X(tls_listen, 1) X(stream_starttls, 1)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_tls, &luv__class_tls_listener, NULL};

luv_room luv__tls_room = {.name = "tls", .faces = faces, .classes = classes, .size = sizeof(luv_tls_state), .freed = luv__tls_freed};
LUV_ROOM(luv__tls_room)
