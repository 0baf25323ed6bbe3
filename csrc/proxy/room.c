/* room.c - what the core is given of proxies. */
#include "proxy.h"

#define FACES(X) \
  X(share, 0) X(proxy_is, 0) X(proxy_release, 0) X(proxy_owner, 0) X(proxy_automatic, 0) X(proxy_traceback, 0) \
  X(proxy_pairs, 1) X(proxy_ipairs, 1) X(proxy_get, 1) X(proxy_batch, 1) X(proxy_serve, 0) X(proxy_connect, 1)

FACES(LUV_FACE_DECLARE)

static const luv_face faces[] = {
  FACES(LUV_FACE_ROW)
  {NULL, NULL, 0, NULL, 0, NULL},
};

static int begin(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  queue_init(&P->unsent);
  queue_init(&P->waiting);
  queue_init(&P->out);
  queue_init(&P->got);
  queue_init(&P->served);
  return 0;
}

static void count(luv_state *S, lua_State *L) {
  luv_proxies *P = luv__proxies(S);
  lua_createtable(L, 0, 3);
  lua_pushnumber(L, P->nheld);
  lua_setfield(L, -2, "held");
  lua_pushnumber(L, P->nout);
  lua_setfield(L, -2, "calls");
  lua_pushnumber(L, P->nserved);
  lua_setfield(L, -2, "served");
  lua_setfield(L, -2, "proxies");
}

luv_room luv__proxy_room = {.name = "proxy", .faces = faces, .size = sizeof(luv_proxies),
                            .gives = {.stays = &luv__proxy_shared, .is_to_stay = luv__is_to_stay},
                            .begin = begin, .alone = luv__port_close, .closing = luv__port_close, .count = count};
LUV_ROOM(luv__proxy_room)
