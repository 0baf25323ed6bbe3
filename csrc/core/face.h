/* face.h - what Lua can call: a C function, and how Lua calls it. */
#ifndef LUV_FACE_H
#define LUV_FACE_H

/* Lua functions that are put around faces on LuaJIT (wrap.c). The chunk is called with luv's mark, error,
 * the state and what `push` pushes; it returns functions, each of which takes a face and returns what
 * a script is to call in its place. */
typedef struct {
  const char *source;
  size_t size;
  void (*push)(luv_state *S, lua_State *L); /* NULL: nothing; may raise */
} luv_wrapper;

typedef struct {
  const char *name; /* for Go's tables (bridge); NULL: no script can name it */
  lua_CFunction fn;
  int waits;        /* it may suspend */
  const luv_wrapper *wrapper; /* NULL: that of any face that waits */
  int maker;        /* which of the functions it returns */
  void (*glue)(luv_state *S, lua_State *L); /* replaces the function on top by one in Lua; may raise */
} luv_face;

/* FACES(X) calls X(name, waits) for each luv_name of a room: declares them, and a row for each. */
#define LUV_FACE_DECLARE(name, ...) int luv_##name(lua_State *L);
#define LUV_FACE_ROW(name, waits, ...) {#name, luv_##name, waits, NULL, 0, NULL},

extern const luv_wrapper luv__wrap_any;
extern const luv_wrapper luv__wrap_some; /* three arguments at most, and one result, or nil, message and code */

/* What a wrapper with tries of its own begins with, where there is the FFI. Interpreted, an FFI call is slow. */
#define LUV_WRAP_TRIES \
  "local mark, error, state, a, b, c, d, e, f = ...\n" \
  "local type, unpack = type, unpack\n" \
  "local ffi = select(2, pcall(require, 'ffi'))\n" \
  "local there = type(ffi) == 'table' and jit.status()\n" \
  "local here = there and ffi.cast('void *', state)\n" \
  "local text = there and ffi.string\n"
#define LUV_STRING(x) LUV_STRING_OF(x)
#define LUV_STRING_OF(x) #x

/* A face, as Lua is to call it. May raise. */
void luv__push_face(luv_state *S, lua_State *L, const luv_face *face, int class_id);
/* Puts an iterator in the place of the object on top: the face, whose upvalue 2 is the object. May raise. */
void luv__push_iterator(luv_state *S, lua_State *W, const luv_face *face);
/* Replaces the methods on top by a function, for __index, whose upvalue 2 they are. */
void luv__index_by(luv_state *S, lua_State *L, lua_CFunction fn);
/* Puts around the function on top, which is the face's, what Lua is to call in its place. May raise. */
void luv__dress(luv_state *S, lua_State *L, const luv_face *face);
/* Pushes a chunk of luv's own, which sees the functions of Lua as they were when luv was opened. May raise. */
void luv__load(luv_state *S, lua_State *L, const char *source, size_t n);
void luv__push_native(luv_state *S, lua_State *L, const char *name);

/* Those of the core that others make use of. */
int luv_spawn(lua_State *L);
int luv_hrtime(lua_State *L);
int luv_fiber_yield(lua_State *L);
int luv_cancelled(lua_State *L);
int luv_cancelled_tostring(lua_State *L);
int luv_object_gc(lua_State *L);
int luv_object_tostring(lua_State *L);

#endif
