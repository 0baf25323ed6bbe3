/* zmq_share.c - contexts go to other threads by reference: Go has them. */
#include "luvzmq.h"

static uint64_t hold(luv_state *S, lua_State *L, int idx) {
  luv_box *b = luv__anybox(L, idx);
  (void)S;
  return b && b->o ? luv__go_share(LUV_SHARE_HOLD, b->o->slot) : 0;
}

static int push(luv_state *S, lua_State *L, uint64_t id) {
  luv_object *o;
  uint64_t slot = luv__go_share(LUV_SHARE_TAKE, id);
  if (!slot) return 0;
  o = luv__object_new(S, luv__class_zmq_context.id, sizeof *o);
  if (!o) {
    luv__go_release(slot, 1);
    return luaL_error(L, "not enough memory");
  }
  o->slot = slot;
  luv__push_object(S, L, o);
  return 1;
}

static void drop(uint64_t id) { luv__go_share(LUV_SHARE_DROP, id); }

static const luv_shared shared = {"luv.zmq.context", hold, push, drop};

luv_class luv__class_zmq_context = {.name = "luv.zmq.context", .shared = &shared};
