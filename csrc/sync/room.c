/* room.c - what the core is given of channels, locks and scopes. */
#include "sync.h"

#define FACES(X) \
  X(cond_create, 0) X(cond_wait, 1) X(cond_signal, 0) X(cond_broadcast, 0) X(chan, 0) \
  X(chan_try_put, 0) X(chan_try_get, 0) X(chan_close, 0) X(chan_closed, 0) X(chan_len, 0) \
  X(chan_capacity, 0) X(chan_iter, 0) X(mutex_create, 0) X(mutex_try_lock, 0) X(mutex_unlock, 0) \
  X(mutex_locked, 0) X(semaphore_create, 0) X(semaphore_try_acquire, 0) X(semaphore_release, 0) \
  X(semaphore_value, 0) X(waitgroup_create, 0) X(waitgroup_add, 0) X(waitgroup_done, 0) \
  X(waitgroup_wait, 1) X(waitgroup_count, 0) X(event_create, 0) X(event_set, 0) X(event_clear, 0) \
  X(event_is_set, 0) X(event_wait, 1) X(select, 1) X(scope_spawn, 0) X(scope_cancel, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {"chan_put", luv_chan_put, 1, &luv__chan_wrap, 0, NULL},
  {"chan_get", luv_chan_get, 1, &luv__chan_wrap, 1, NULL},
  {"mutex_lock", luv_mutex_lock, 1, &luv__wrap_some, 0, NULL},
  {"mutex_with", luv_mutex_with, 1, NULL, 0, luv__mutex_glue},
  {"semaphore_acquire", luv_semaphore_acquire, 1, &luv__wrap_some, 0, NULL},
  {"scope", luv_scope, 1, NULL, 0, luv__scope_glue},
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_chan, &luv__class_mutex, &luv__class_cond, &luv__class_semaphore, &luv__class_waitgroup, &luv__class_event, &luv__class_scope, NULL};
luv_room luv__sync_room = {.name = "sync", .faces = faces, .classes = classes,
                          .size = sizeof(luv_sync), .gives = {.case_done = luv__case_done, .case_owner = luv__case_owner, .case_count = luv__case_count}};
LUV_ROOM(luv__sync_room)
