/* zmq_auth.c - ctx:auth: who answers libzmq's questions about new connections (ZAP).
 *
 * The socket is one of the state's own, the lists are looked through by Go, and a handler
 * is a function of the script's that may wait: so what holds them together is Lua, in a
 * fiber that lasts until the context is closed. */
#include "luv.h"

static const char source[] =
  "local luv, ctx, rules = ...\n"
  "local zmq, handler = luv.zmq, rules.handler\n"
  "local router, message, code = zmq.__authorize(ctx, rules)\n"
  "if not router then return nil, message, code end\n"
  "local function ask(domain, address, identity, mechanism, a, b, user)\n"
  "  local request = {domain = domain, address = address, identity = identity,\n"
  "                   mechanism = mechanism}\n"
  "  if mechanism == 'PLAIN' then request.username, request.password = a, b\n"
  "  elseif mechanism == 'CURVE' then request.key = user end\n"
  "  local ok, yes, why = luv.pcall(handler, request)\n"
  "  if not ok then\n"
  "    luv.spawn(error, yes, 0)\n"
  "    return '500', 'the handler failed', ''\n"
  "  end\n"
  "  if not yes then return '400', type(why) == 'string' and why or 'refused', '' end\n"
  "  return '200', 'OK', type(yes) == 'string' and yes or user\n"
  "end\n"
  "local function answer(peer, delimiter, version, id, ...)\n"
  "  if version ~= '1.0' then return end\n"
  "  local code, text, user = zmq.__decide(router, ...)\n"
  "  if code == '200' and handler then\n"
  "    local domain, address, identity, mechanism, a, b = ...\n"
  "    code, text, user = ask(domain, address, identity, mechanism, a, b, user)\n"
  "  end\n"
  "  router:send({peer, delimiter, '1.0', id, code, text, user, ''})\n"
  "end\n"
  "local fiber = luv.fiber.create(function()\n"
  "  while true do\n"
  "    local frames = router:recv_multipart()\n"
  "    if not frames then break end\n"
  "    if handler then luv.spawn(answer, unpack(frames)) else answer(unpack(frames)) end\n"
  "  end\n"
  "  router:close()\n"
  "end)\n"
  "fiber:name('zap')\n"
  "fiber:ready()\n"
  "return ctx\n";

/* ctx = ctx:auth{allow =, deny =, plain =, curve =, handler =} */
int luv_zmq_auth(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_settop(L, 2);
  if (luv__class_of(S, L, 1) != (int)lua_tointeger(L, lua_upvalueindex(2)))
    return luv__type_error(S, L, 1, 0, "auth", "luv.zmq.context");
  if (!lua_istable(L, 2)) return luv__type_error(S, L, 2, 1, "auth", "table");
  if (luaL_loadbuffer(L, source, sizeof source - 1, "=luv")) return lua_error(L);
  lua_insert(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_module);
  lua_insert(L, 2);
  lua_call(L, 3, LUA_MULTRET);
  return lua_gettop(L);
}
