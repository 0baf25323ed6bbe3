/* room.c - what the core is given of UDP. */
#include "udp.h"

#define FACES(X) \
  X(udp_send, 1) X(udp_recv, 1) X(udp_send_queue_size, 0) X(udp_send_queue_count, 0) \
  X(unixgram_send, 1)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_udp, &luv__class_unixgram, NULL};
luv_room luv__udp_room = {.name = "udp", .faces = faces, .classes = classes, .adopt = luv__udp_adopt,
                         .size = sizeof(struct luv_udp_state *), .freed = luv__udp_state_free};
LUV_ROOM(luv__udp_room)
