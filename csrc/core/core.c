/* core.c - what the core is given of the core itself: fibers, and what Go makes. */
#include "luv.h"

luv_class luv__class_other = {.name = "luv.handle"}; /* of Go's, without a userdata */

#define FACES(X) \
  X(spawn, 0) X(timeout, 0) X(self, 0) X(hrtime, 0) X(os_gettimeofday, 0) X(now, 0) X(run, 0) X(spin, 0) \
  X(stack_size, 0) X(install, 0) X(on_error, 0) X(cancelled, 0) X(cancelled_tostring, 0) \
  X(fiber_create, 0) X(fiber_yield, 0) X(fiber_list, 0) X(fiber_loop, 0) X(fiber_ready, 0) \
  X(fiber_join, 1) X(fiber_cancel, 0) X(fiber_suspend, 1) X(fiber_status, 0) X(fiber_name, 0) \
  X(fiber_id, 0) X(fiber_traceback, 0) X(fiber_waiting, 0) X(fiber_index, 0) X(backend_fd, 0) \
  X(backend_timeout, 0) X(object_close, 0) X(object_closed, 0) X(object_gc, 0) X(object_tostring, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_other, &luv__class_fiber, NULL};
luv_room luv__core_room = {.name = "core", .faces = faces, .classes = classes};
LUV_ROOM(luv__core_room)
