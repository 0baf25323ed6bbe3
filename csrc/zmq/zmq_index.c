/* zmq_index.c - sock.linger: options read as fields, at no cost to sock:send.
 *
 * A function as __index would be called for each method that a script names. LuaJIT
 * compiles it away if it is written in Lua. On Lua 5.1 it would cost a fifth of a message:
 * there each socket has a metatable of its own, whose __index is a table with the methods
 * that matter; what is not in it is looked for by the function behind that table. */
#include "luvzmq.h"

/* Gets the class's methods, and the function that reads an option. */
static const char source[] =
  "local methods, get = ...\n"
  "return function(s, name)\n"
  "  local m = methods[name]\n"
  "  if m ~= nil then return m end\n"
  "  return get(s, name)\n"
  "end";

static const char *const near[] = {"send", "recv", "recv_multipart"};
static const char *const shared[] = {"__gc", "__tostring", "__newindex", "__name", "__metatable"};

/* The class is being built: the methods are on top, below them the metatable. Replaces them
 * by what is to be __index. */
void luv__zmq_index(luv_state *S, lua_State *L) {
  lua_getfield(L, -1, "__index");
  lua_pushnil(L);
  lua_setfield(L, -3, "__index");
  if (luaL_loadbuffer(L, source, sizeof source - 1, "=luv")) lua_error(L);
  lua_insert(L, -2);
  lua_pushvalue(L, -3);
  lua_insert(L, -2);
  lua_call(L, 2, 1);
  if (S->jit) {
    lua_replace(L, -2);
    return;
  }
  lua_setfield(L, -3, "option");
}

/* A field that is not among the nearest: upvalues are the class's metatable, and the sockets
 * by their own tables. */
static int far_field(lua_State *L) {
  lua_getfield(L, lua_upvalueindex(1), "option");
  lua_pushvalue(L, 1);
  lua_rawget(L, lua_upvalueindex(2));
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

/* Pushes what all sockets' own tables have for a metatable, and the sockets by those tables. */
static void push_common(luv_state *S, lua_State *L) {
  if (luv__zmq_kept(S)->ref_fields) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, luv__zmq_kept(S)->ref_fields);
  } else {
    lua_newtable(L);
    lua_newtable(L); /* the sockets: weak */
    lua_newtable(L);
    lua_pushliteral(L, "kv");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    luv__push_meta(S, L, luv__class_zmq.id);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, far_field, 2);
    lua_setfield(L, -3, "__index"); /* this leaves the sockets on top */
    lua_setfield(L, -2, "sockets");
    lua_pushvalue(L, -1);
    luv__zmq_kept(S)->ref_fields = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_getfield(L, -1, "sockets");
}

/* Gives the socket on top a metatable of its own, where that is worth it. */
void luv__zmq_own_meta(luv_state *S, lua_State *L) {
  int sock = lua_gettop(L), class, methods, own;
  size_t i;
  if (S->jit) return;
  luaL_checkstack(L, 12, "luv");
  luv__push_meta(S, L, luv__class_zmq.id);
  class = lua_gettop(L);
  lua_getfield(L, class, "__index");
  methods = lua_gettop(L);
  lua_createtable(L, 0, sizeof near / sizeof *near);
  own = lua_gettop(L);
  for (i = 0; i < sizeof near / sizeof *near; i++) {
    lua_getfield(L, methods, near[i]);
    lua_setfield(L, own, near[i]);
  }
  push_common(S, L);
  lua_pushvalue(L, own);
  lua_pushvalue(L, sock);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  lua_setmetatable(L, own);
  lua_createtable(L, 0, 6);
  for (i = 0; i < sizeof shared / sizeof *shared; i++) {
    lua_getfield(L, class, shared[i]);
    lua_setfield(L, -2, shared[i]);
  }
  lua_pushvalue(L, own);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, sock);
  lua_settop(L, sock);
}
