/* room_fs.c - what the core is given of files. */
#include "fs.h"

static luv_class *const classes[] = {&luv__class_file, &luv__class_dir, &luv__class_fs_event, &luv__class_fs_poll, NULL};
static luv_room room = {.name = "fs", .classes = classes, .adopt = luv__file_adopt};
LUV_ROOM(room)
