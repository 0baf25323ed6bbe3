/* room.c - what the core is given of files. */
#include "fs.h"
#include "fs_ops.h"

#define FACES(X) \
  LUV_FS_OPS(X) LUV_FS_OWN(X) \
  X(fs_stats, 0) X(fs_poll, 0) X(fs_event_next, 1) X(fs_poll_next, 1) X(file_fileno, 0) \
  X(file_lines, 0) X(file_path, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static luv_class *const classes[] = {&luv__class_file, &luv__class_dir, &luv__class_fs_event, &luv__class_fs_poll, NULL};
luv_room luv__fs_room = {.name = "fs", .faces = faces, .classes = classes, .adopt = luv__file_adopt,
                        .size = sizeof(luv_fs *), .gives = {.is_local = luv__is_local},
                        .closed = luv__fs_state_close, .freed = luv__fs_state_free};
LUV_ROOM(luv__fs_room)
