/* object.c - what a userdata stands for. The rules of ownership:
 *
 *   1. The userdata (luv_box) is Lua's memory and holds one pointer to the object.
 *   2. The object is malloc'd here. With a libuv handle in it, it is freed in the
 *      handle's close callback and nowhere else; without one, by close itself.
 *   3. close() is idempotent: it marks the object, wakes every waiter with ECANCELED
 *      and calls uv_close. The descriptor is closed when it returns.
 *   4. From then on the script sees a closed object (EBADF), though the memory may
 *      live until libuv's close callback, which clears the box.
 *   5. __gc closes what was forgotten, and cuts the object off from its box.
 *   6. Closing the state closes all objects; boxes are cleared, so a __gc that comes
 *      later finds nothing.
 *   7. A pending request lives in the object or has memory of its own; it never points
 *      into Lua's memory that nothing anchors. */
#include "bytes.h"

const char luv__magic = 0;

static void init(luv_object *o, luv_state *S, int class_id) {
  o->S = S;
  o->class_id = (uint8_t)class_id;
  queue_init(&o->waiters);
  queue_init(&o->link);
  if (S) queue_push(&S->objects, &o->link);
}

luv_object *luv__object_new(luv_state *S, int class_id, size_t size) {
  luv_object *o = calloc(1, size);
  if (o) init(o, S, class_id);
  return o;
}

/* A handle that is not a stream follows the object in the same block. */
typedef struct { luv_object o; union uv_any_handle u; } handle_box;

luv_object *luv__handle_new(luv_state *S, int class_id, int uv_type) {
  handle_box *b;
  size_t size = offsetof(handle_box, u) + uv_handle_size((uv_handle_type)uv_type);
  b = (handle_box *)luv__object_new(S, class_id, size);
  if (!b) return NULL;
  b->o.flags = LUV_O_HANDLE;
  b->o.uv_type = (uint8_t)uv_type;
  b->u.handle.data = &b->o;
  return &b->o;
}

uv_handle_t *luv__handle(luv_object *o) {
  size_t at = luv__classes[o->class_id]->handle;
  return at ? (uv_handle_t *)((char *)o + at) : &((handle_box *)o)->u.handle;
}

/* Frees an object that libuv does not know (any more). */
void luv__object_dispose(luv_object *o) {
  if (o->box) o->box->o = NULL;
  queue_remove(&o->link);
  if (luv__classes[o->class_id]->freed) luv__classes[o->class_id]->freed();
  if (o->slot) luv__go_release(o->slot, 1);
  free(o->made);
#ifdef LUV_CHECK
  memset(o, 0xdd, sizeof *o);
#endif
  free(o);
}

static void on_close(uv_handle_t *h) { luv__object_dispose(h->data); }

/* A handle of luv's own, without an object. */
void luv__handle_free(uv_handle_t *h) { free(h); }

void luv__handle_close(luv_object *o) {
  if (!uv_is_closing(luv__handle(o))) uv_close(luv__handle(o), on_close);
}

static void let_go(luv_object *o) {
  if (o->flags & LUV_O_HANDLE) luv__handle_close(o);
  else luv__object_dispose(o);
}

void luv__object_close(luv_object *o) {
  const luv_class *c = luv__classes[o->class_id];
  if (o->flags & LUV_O_CLOSING) {
    if (c->lingers && !c->lingers(o)) let_go(o);
    return;
  }
  o->flags |= LUV_O_CLOSING;
  if (c->leaving) c->leaving(o);
  if (o->S) luv__wake_all_error(o->S, &o->waiters, UV_ECANCELED);
  if (c->closing) c->closing(o);
  if (c->lingers && c->lingers(o)) return;
  let_go(o);
  if (c->closed) c->closed(o);
}

/* The descriptor of an object that has one. */
int luv__descriptor(luv_object *o, uv_os_fd_t *fd) {
  const luv_class *c = luv__classes[o->class_id];
  if (c->descriptor) *fd = c->descriptor(o);
  else if (!(o->flags & LUV_O_HANDLE)) return UV_EBADF;
  else return uv_fileno(luv__handle(o), fd);
  return *fd < 0 ? *fd : 0;
}

/* The innermost line of the script's: luv's own functions are called in between. */
static char *line_of(lua_State *L) {
  lua_Debug ar;
  char text[LUA_IDSIZE + 24];
  int level;
  for (level = 0; lua_getstack(L, level, &ar); level++) {
    if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0 || strcmp(ar.source, "=luv") == 0) continue;
    snprintf(text, sizeof text, "%s:%d: ", ar.short_src, ar.currentline);
    return strdup(text);
  }
  return NULL;
}

/* LUV_DEBUG=leaks: the line that made o. */
static void remember(luv_state *S, lua_State *W, luv_object *o) {
  if (o->flags & LUV_O_HANDLE) o->made = line_of(S->delivering ? S->delivering->base : W);
}

/* A handle that nobody has closed, and that the collector has found. */
static void forgotten(luv_object *o) {
  if (!o->S || o->S->dead || o->flags & LUV_O_CLOSING) return;
  if (!(o->flags & LUV_O_HANDLE)) return;
  o->S->gc_closed++;
  if (o->made) fprintf(stderr, "luv: %snobody has closed this %s\n", o->made, luv__class_name(o->class_id));
}

/* A userdata whose object is still to come. */
luv_box *luv__push_box(luv_state *S, lua_State *W, int class_id) {
  luv_box *b = lua_newuserdata(W, sizeof *b);
  b->magic = &luv__magic;
  b->class_id = (uint32_t)class_id;
  b->o = NULL;
  luv__push_meta(S, W, class_id);
  lua_setmetatable(W, -2);
  return b;
}

typedef struct { luv_object *o; int made; } making;

/* They meet last: a userdata without its __gc must not know o, nor o such a userdata. */
static int make_userdata(lua_State *W, void *ud) {
  making *m = ud;
  luv_object *o = m->o;
  luv_state *S = o->S;
  luv_box *b = luv__push_box(S, W, o->class_id);
  b->o = o;
  o->box = b;
  m->made = 1;
  if (luv__classes[o->class_id]->made) luv__classes[o->class_id]->made(S, W);
  return 1;
}

/* The userdata that was made is garbage, and its __gc must not find o. */
static void unmake(void *ud) {
  making *m = ud;
  if (m->made) m->o->box->o = NULL;
  if (m->made) m->o->box = NULL;
  m->made = 0;
}

static void close_unmade(void *ud) {
  making *m = ud;
  if (!m->made) luv__object_close(m->o);
}

/* Makes the userdata of o. Without memory o is closed, and this raises. */
void luv__push_object(luv_state *S, lua_State *W, luv_object *o) {
  making m = {o, 0};
  luv_maker how = {make_userdata, close_unmade, &m, unmake};
  luv__push_safely(S, W, how);
  if (LUV_UNLIKELY(S->trace_handles)) remember(S, W, o);
}

/* Makes an object and pushes its userdata, which is made first: an object without one is lost. */
int luv__make(luv_state *S, lua_State *L, int class_id, size_t size, luv_object **o) {
  luv_box *b = luv__push_box(S, L, class_id);
  *o = b->o = luv__object_new(S, class_id, size);
  if (!*o) return luaL_error(L, "not enough memory");
  (*o)->box = b;
  return 1;
}

static const void *meta_of(lua_State *L, int idx) {
  const void *p;
  if (!lua_getmetatable(L, idx)) return NULL;
  p = lua_topointer(L, -1);
  lua_pop(L, 1);
  return p;
}

/* The class of the userdata at idx, -1 for what is not luv's. */
int luv__class_of(luv_state *S, lua_State *L, int idx) {
  luv_box *b = luv__anybox(L, idx);
  if (b) return (int)b->class_id;
  if (lua_type(L, idx) == LUA_TUSERDATA && meta_of(L, idx) == S->metas[luv__class_fiber.id])
    return luv__class_fiber.id;
  return -1;
}

luv_fiber *luv__tofiber(luv_state *S, lua_State *L, const char *fname) {
  if (luv__class_of(S, L, 1) != luv__class_fiber.id)
    luv__type_error(S, L, 1, 0, fname, "luv.fiber");
  return lua_touserdata(L, 1);
}

/* What methods of every object do; upvalue 2 is the class. */

static luv_box *check_self(luv_state *S, lua_State *L, const char *fname) {
  int class_id = (int)lua_tointeger(L, lua_upvalueindex(2));
  luv_box *b = luv__tobox(L, 1, class_id);
  if (!b) luv__type_error(S, L, 1, 0, fname, luv__class_name(class_id));
  return b;
}

/* obj:close() */
int luv_object_close(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_box *b = check_self(S, L, "close");
  if (b->o) luv__object_close(b->o);
  lua_settop(L, 1);
  return 1;
}

/* yes = obj:closed() */
int luv_object_closed(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_box *b = check_self(S, L, "closed");
  lua_pushboolean(L, !b->o || (b->o->flags & LUV_O_CLOSING));
  return 1;
}

/* __gc: the box goes; the object follows when libuv lets go of it. */
int luv_object_gc(lua_State *L) {
  luv_box *b = luv__anybox(L, 1);
  luv_object *o = b ? b->o : NULL;
  if (luv__forked || !o || (o->S && o->S->lingers)) return 0;
  o->box = NULL;
  b->o = NULL;
  forgotten(o);
  luv__object_close(o);
  return 0;
}

/* __tostring: userdata<luv.timer>: 0x… */
int luv_object_tostring(lua_State *L) {
  int class_id = (int)lua_tointeger(L, lua_upvalueindex(2));
  lua_pushfstring(L, "userdata<%s>: %p", luv__class_name(class_id), lua_touserdata(L, 1));
  return 1;
}
