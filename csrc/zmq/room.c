/* room.c - what the core is given of ØMQ. */
#include "luvzmq.h"

#define FACES(X) \
  X(zmq_recv_multipart, 1) X(zmq_proxy, 1) X(zmq_unbind, 1) X(zmq_close, 1) X(zmq_monitor_next, 1) \
  X(zmq_auth, 0) X(zmq_peer, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {"zmq_send", luv_zmq_send, 1, &luv__zmq_wrap, 0, NULL},
  {"zmq_recv", luv_zmq_recv, 1, &luv__zmq_wrap, 1, NULL},
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_zmq, &luv__class_zmq_monitor, &luv__class_zmq_context, NULL};
luv_room luv__zmq_room = {.name = "zmq", .faces = faces, .classes = classes,
                         .size = sizeof(luv_zmq_kept), .gives = {.error_name = luv__zmq_error_name, .error_text = luv__zmq_error_text},
                         .closing = luv__zmq_read_linger, .freed = luv__zmq_state_free, .exit = luv__zmq_exit};
LUV_ROOM(luv__zmq_room)
