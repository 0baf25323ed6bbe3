/* room.c - what the core is given of signals. */
#include "luvsignal.h"

#define FACES(X) \
  X(signal_next, 1)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_signal, NULL};
luv_room luv__signal_room = {.name = "signal", .faces = faces, .classes = classes,
                            .size = sizeof(luv_signal_kept), .gives = {.main_waits = luv__interrupt_enter, .main_goes_on = luv__interrupt_leave},
                            .nudge = luv__interrupt_nudge, .left = luv__interrupt_forget, .closed = luv__children_forget,
                            .freed = luv__signals_free, .forked = luv__signals_forked};
LUV_ROOM(luv__signal_room)
