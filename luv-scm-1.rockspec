-- For "luarocks make" in a checkout. Go, make and a C compiler must be there.
rockspec_format = "3.0"
package = "luv"
version = "scm-1"
source = { url = "." }
description = {
   summary = "Lua + libuv + ØMQ: fibers that wait for timers and sockets",
   detailed = [[
      Scheduled fibers on libuv's event loop, for stock Lua 5.1 and LuaJIT. A call
      that has to wait suspends its fiber; in the main chunk it runs the loop.]],
   license = "Apache-2.0",
}
supported_platforms = { "linux" }
dependencies = { "lua == 5.1" }
external_dependencies = {
   LIBUV = { header = "uv.h" },
   ZMQ = { header = "zmq.h" },
}
build = {
   type = "make",
   build_variables = { LUA_INCDIR = "$(LUA_INCDIR)" },
   install_variables = { LIBDIR = "$(LIBDIR)" },
}
test = {
   type = "command",
   command = "make test",
}
