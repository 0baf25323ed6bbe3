/* room.c - what the core is given of threads. */
#include "thread.h"

#define FACES(X) \
  X(thread_create, 0) X(thread_join, 1) X(thread_status, 0) X(thread_name, 0) X(thread_detach, 0) \
  X(thread_affinity, 0) X(thread_priority, 0) X(thread_cancel, 0) X(thread_traceback, 0) \
  X(thread_id, 0) X(thread_list, 0) X(thread_self, 0) X(thread_chan, 0) X(thread_chan_close, 0) \
  X(thread_chan_closed, 0) X(thread_chan_len, 0) X(thread_chan_iter, 0) X(thread_chan_try_put, 0) \
  X(thread_chan_try_get, 0) X(thread_chan_capacity, 0) X(thread_pool, 0) X(thread_pool_call, 1) \
  X(thread_pool_close, 0) X(thread_pool_closed, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {"thread_chan_put", luv_thread_chan_put, 1, &luv__thread_chan_wrap, 0, NULL},
  {"thread_chan_get", luv_thread_chan_get, 1, &luv__thread_chan_wrap, 1, NULL},
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_thread, &luv__class_thread_chan, &luv__class_thread_pool, NULL};
static int begin(luv_state *S) {
  luv__thread_opening(1);
  queue_init(&luv__threads(S)->children);
  queue_init(&luv__threads(S)->links);
  S->owned = luv__this_thread != NULL;
  return 0;
}

static void opened(luv_state *S) {
  (void)S;
  luv__thread_opening(0);
}

luv_room luv__thread_room = {.name = "thread", .faces = faces, .classes = classes,
                            .size = sizeof(luv_threads), .gives = {.heed = luv__links_serve}, .begin = begin, .open = luv__threads_open, .opened = opened, .nudge = luv__thread_nudge,
                            .ends = luv__threads_wait, .left = luv__threads_close};
LUV_ROOM(luv__thread_room)
