/* room.c - what the core is given of processes. */
#include "luvprocess.h"

#define FACES(X) \
  X(process_wait, 1) X(process_close, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {"process_run", luv_process_run, 1, NULL, 0, luv__process_glue},
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_process, NULL};
static int begin(luv_state *S) {
  queue_init(luv__processes(S));
  return 0;
}

luv_room luv__process_room = {.name = "process", .faces = faces, .classes = classes,
                             .size = sizeof(luv_queue), .begin = begin};
LUV_ROOM(luv__process_room)
