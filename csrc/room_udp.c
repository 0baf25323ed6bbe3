/* room_udp.c - what the core is given of UDP. */
#include "udp.h"

static luv_class *const classes[] = {&luv__class_udp, &luv__class_unixgram, NULL};
static luv_room room = {.name = "udp", .classes = classes, .adopt = luv__udp_adopt};
LUV_ROOM(room)
