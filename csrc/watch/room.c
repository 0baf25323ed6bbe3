/* room.c - what the core is given of who looks at the others: dumps, statistics, the watchdog. */
#include "dump.h"

#define FACES(X) \
  X(stats, 0) X(dump, 0) X(watchdog, 0)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

/* luv.stats().slow has a place from the beginning: the watchdog fills it in in a hook. */
static void open_slow(luv_state *S, lua_State *L) {
  lua_pushboolean(L, 0);
  luv__watch(S)->ref_slow = luaL_ref(L, LUA_REGISTRYINDEX);
}

luv_room luv__watch_room = {.name = "watch", .faces = faces,
                           .size = sizeof(luv_watch_state),
                           .gives = {.dump_asked = luv__dump_asked, .ask_hook = luv__ask_hook, .state_gone = luv__dump_gone},
                           .open = open_slow, .opened = luv__ask_open, .nudge = luv__ask_nudge};
LUV_ROOM(luv__watch_room)
