/* open.c - what Lua calls to load the empty module: into Go, and back.
 *
 * The one rule: each library is called once, so that no linker leaves one out. No Lua
 * header is needed to do nothing. */
#include <uv.h>
#include <zmq.h>

#include "_cgo_export.h"

typedef struct lua_State lua_State;

int luaopen_empty(lua_State *L);

/* Returns how many values it leaves on the stack: none. */
int luaopen_empty(lua_State *L) {
  int major, minor, patch;
  (void)L;
  zmq_version(&major, &minor, &patch);
  return uv_version() ? empty() : 0;
}
