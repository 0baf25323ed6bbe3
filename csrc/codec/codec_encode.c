/* codec_encode.c - values into bytes.
 *
 * It does not recurse: a frame per level, and on the Lua stack what the level is at. From
 * CODEC_ON_STACK levels on that is moved into a Lua table while a deeper level is at work,
 * so neither stack overflows however deep a table is. A message names the offset of what it
 * has mentioned before; `seen` finds it by address. All that is in there stays where it
 * is: it belongs to the arguments, or to `kept`, which has what the hooks returned. A hook may
 * take something out of the arguments, whose address could then be another's: so before the first
 * one runs, `kept` gets all that has been mentioned, and from then on what is mentioned. Until
 * then nothing of Lua's is allocated. */
#include "codec_format.h"

#define UNFINISHED ((size_t)1 << (sizeof(size_t) * 8 - 1)) /* of seen.at: its hook's value is being written */
#define KEPT (UNFINISHED >> 1)                             /* of seen.at: it is in `kept` */
#define OFFSET (KEPT - 1)

typedef struct { const void *p; size_t at; } seen;

enum { TABLE, FUNCTION, HOOK };
enum { WALK, VALUE }; /* of a table: at its next pair, or at the value of a key that is written */

typedef struct {
  uint64_t own;     /* of a function: which upvalues are to be written */
  size_t at;        /* the tag */
  uint32_t n, i;    /* items announced, written; of a function: upvalues */
  uint32_t pairs;
  uint32_t spilled; /* where in `over` its slots are */
  int base;         /* its first stack slot */
  uint8_t kind, state, slots, width, zero; /* slots: spilled; width: bytes of n */
} frame;

typedef struct {
  luv_state *S;
  lua_State *L;
  luv_blob *b;
  int flags, argument;
  int code, over, kept, far;
  int holding;      /* a hook has run, or is about to */
  uint32_t nover, nkept;
  frame *f;
  size_t nf, cap;
  seen *seen;
  size_t nseen, mask;
  seen few[64];
} encoder;

/* ---- errors ---------------------------------------------------------------------------- */

/* Pushes slot k of frame f, wherever it is. */
static void push_slot(encoder *e, const frame *f, int k) {
  if (f->spilled) lua_rawgeti(e->L, e->over, (int)f->spilled + k);
  else lua_pushvalue(e->L, f->base + k);
}

static void describe_key(encoder *e, const frame *f, luaL_Buffer *B) {
  lua_State *L = e->L;
  push_slot(e, f, 1);
  if (f->state == VALUE) lua_pushliteral(L, "a key: ");
  else if (lua_type(L, -1) == LUA_TSTRING) lua_pushfstring(L, "field '%s': ", lua_tostring(L, -1));
  else if (lua_type(L, -1) == LUA_TNUMBER) lua_pushfstring(L, "field [%f]: ", lua_tonumber(L, -1));
  else lua_pushfstring(L, "field [%s]: ", luaL_typename(L, -1));
  lua_remove(L, -2);
  luaL_addvalue(B);
}

static void describe_upvalue(encoder *e, const frame *f, luaL_Buffer *B) {
  lua_State *L = e->L;
  const char *name;
  push_slot(e, f, 0);
  name = lua_getupvalue(L, -1, (int)f->i);
  lua_pushfstring(L, "upvalue '%s': ", name && *name ? name : "?");
  lua_replace(L, -3);
  lua_pop(L, 1);
  luaL_addvalue(B);
}

static void describe(encoder *e, const frame *f, luaL_Buffer *B) {
  if (f->kind == TABLE) describe_key(e, f, B);
  else if (f->kind == FUNCTION) describe_upvalue(e, f, B);
  else luaL_addstring(B, "__codec: ");
}

#define SHOWN 12 /* levels of a path at either end */

/* Raises "argument 2: field 'db': what". */
static int refuse(encoder *e, const char *what) {
  lua_State *L = e->L;
  luaL_Buffer B;
  size_t i;
  luaL_checkstack(L, 20, NULL);
  luaL_buffinit(L, &B);
  lua_pushfstring(L, "argument %d: ", e->argument);
  luaL_addvalue(&B);
  for (i = 0; i < e->nf; i++) {
    if (i == SHOWN && e->nf > 2 * SHOWN) {
      i = e->nf - SHOWN;
      lua_pushfstring(L, "(%d more): ", (int)(i - SHOWN));
      luaL_addvalue(&B);
    }
    describe(e, &e->f[i], &B);
  }
  luaL_addstring(&B, what);
  luaL_pushresult(&B);
  return lua_error(L);
}

static int no_memory(encoder *e) { return refuse(e, "not enough memory"); }

/* ---- bytes ----------------------------------------------------------------------------- */

static __attribute__((noinline)) void grow(encoder *e, size_t n) {
  luv_blob *b = e->b;
  size_t cap = b->cap * 2 > b->n + n ? b->cap * 2 : b->n + n + 64;
  char *p = realloc(b->p, cap);
  if (!p) no_memory(e);
  b->p = p;
  b->cap = cap;
}

/* Room for n more bytes; returns where they go. */
static inline char *room(encoder *e, size_t n) {
  if (LUV_UNLIKELY(e->b->cap - e->b->n < n)) grow(e, n);
  return e->b->p + e->b->n;
}

static inline void put_byte(encoder *e, int c) {
  *room(e, 1) = (char)c;
  e->b->n++;
}

static inline char *varint(char *p, uint64_t n) {
  for (; n > 127; n >>= 7) *p++ = (char)(n | 128);
  *p++ = (char)n;
  return p;
}

static void put_varint(encoder *e, uint64_t n) {
  char *p = room(e, 10);
  e->b->n += (size_t)(varint(p, n) - p);
}

static void put_bytes(encoder *e, const char *s, size_t n) {
  memcpy(room(e, n), s, n);
  e->b->n += n;
}

static void put_name(encoder *e, const char *s) {
  put_varint(e, strlen(s));
  put_bytes(e, s, strlen(s));
}

static inline void set_u32(char *p, uint32_t n) {
  p[0] = (char)n;
  p[1] = (char)(n >> 8);
  p[2] = (char)(n >> 16);
  p[3] = (char)(n >> 24);
}

/* ---- what has been mentioned ----------------------------------------------------------- */

static inline seen *place(const encoder *e, const void *p) {
  size_t i = (size_t)(((uint64_t)(uintptr_t)p >> 4) * 11400714819323198485u >> 20) & e->mask;
  while (e->seen[i].p && e->seen[i].p != p) i = (i + 1) & e->mask;
  return &e->seen[i];
}

static __attribute__((noinline)) void grow_seen(encoder *e) {
  seen *old = e->seen, *v = calloc((e->mask + 1) * 4, sizeof *v);
  size_t i, n = e->mask + 1;
  if (!v) no_memory(e);
  e->seen = v;
  e->mask = n * 4 - 1;
  for (i = 0; i < n; i++)
    if (old[i].p) *place(e, old[i].p) = old[i];
  if (old != e->few) free(old);
}

static void keep(encoder *e, int idx) {
  lua_pushvalue(e->L, idx);
  lua_rawseti(e->L, e->kept, (int)++e->nkept);
}

/* Notes that p, the value at idx (0: an upvalue), stands at this offset, and returns 0; or writes
 * that it stood before. */
static inline int mentioned(encoder *e, const void *p, int idx, int tag) {
  seen *s = place(e, p);
  if (s->p) {
    if (s->at & UNFINISHED) refuse(e, "refers to itself through __codec");
    e->b->p[s->at & OFFSET] |= 1;
    put_byte(e, tag);
    put_varint(e, s->at & OFFSET);
    return 1;
  }
  if (LUV_UNLIKELY(e->holding) && idx) keep(e, idx);
  s->p = p;
  s->at = e->b->n | (e->holding ? KEPT : 0);
  if (LUV_UNLIKELY(++e->nseen * 2 > e->mask)) grow_seen(e);
  return 0;
}

/* ---- scalars --------------------------------------------------------------------------- */

static inline void put_number(encoder *e, double d) {
  char *p = room(e, 10);
  if (d >= -CODEC_INTEGER && d <= CODEC_INTEGER) {
    int64_t i = (int64_t)d;
    if ((double)i == d && (i != 0 || !__builtin_signbit(d))) {
      if (i >= 0 && i < 128) {
        *p = (char)(TAG_SMALL | i);
        e->b->n++;
        return;
      }
      *p = i < 0 ? TAG_NEGATIVE : TAG_INTEGER;
      e->b->n += (size_t)(varint(p + 1, (uint64_t)(i < 0 ? -i : i)) - p);
      return;
    }
  }
  {
    uint64_t u;
    int k;
    memcpy(&u, &d, 8);
    *p = TAG_DOUBLE;
    for (k = 0; k < 8; k++) p[1 + k] = (char)(u >> 8 * k);
    e->b->n += 9;
  }
}

static inline void put_string(encoder *e, int idx, const char *s, size_t n) {
  char *p;
  if (LUV_LIKELY(n <= CODEC_INLINE)) {
    p = room(e, CODEC_INLINE + 8);
    *p++ = (char)(TAG_SHORT + n);
    if (n <= 8) while (n--) *p++ = *s++;
    else memcpy(p, s, n), p += n;
    e->b->n = (size_t)(p - e->b->p);
    return;
  }
  if (mentioned(e, s, idx, TAG_REF)) return;
  p = room(e, n + 12);
  *p = TAG_STRING;
  p = varint(p + 1, n);
  memcpy(p, s, n);
  e->b->n = (size_t)(p + n - e->b->p);
}

/* Writes the value at idx if it is a scalar. */
static inline int put_scalar(encoder *e, int idx) {
  size_t n;
  const char *s;
  switch (lua_type(e->L, idx)) {
    case LUA_TSTRING:
      s = lua_tolstring(e->L, idx, &n);
      put_string(e, idx, s, n);
      return 1;
    case LUA_TNUMBER: put_number(e, lua_tonumber(e->L, idx)); return 1;
    case LUA_TBOOLEAN: put_byte(e, lua_toboolean(e->L, idx) ? TAG_TRUE : TAG_FALSE); return 1;
    case LUA_TNIL: put_byte(e, TAG_NIL); return 1;
    default: return 0;
  }
}

/* ---- levels ---------------------------------------------------------------------------- */

/* A table in a stack slot that is nil until it is needed. */
static void want_table(encoder *e, int slot) {
  if (lua_istable(e->L, slot)) return;
  lua_newtable(e->L);
  lua_replace(e->L, slot);
}

/* Moves the slots of frame f, right below the value on top, into `over`. */
static void spill(encoder *e, frame *f) {
  lua_State *L = e->L;
  int k, n = lua_gettop(L) - f->base;
  want_table(e, e->over);
  f->slots = (uint8_t)n;
  f->spilled = e->nover + 1;
  for (k = 0; k < n; k++) {
    lua_pushvalue(L, f->base + k);
    lua_rawseti(L, e->over, (int)++e->nover);
  }
  lua_replace(L, f->base);
  lua_settop(L, f->base);
}

static void restore(encoder *e, frame *f) {
  int k;
  for (k = 0; k < f->slots; k++) lua_rawgeti(e->L, e->over, (int)f->spilled + k);
  e->nover -= f->slots;
  f->spilled = 0;
}

/* Begins a level for the value on top. */
static frame *enter(encoder *e, int kind) {
  frame *f;
  if (LUV_UNLIKELY(e->nf == e->cap)) {
    size_t cap = e->cap ? e->cap * 2 : 32;
    f = realloc(e->f, cap * sizeof *f);
    if (!f) no_memory(e);
    e->f = f;
    e->cap = cap;
  }
  if (LUV_UNLIKELY(e->nf >= CODEC_ON_STACK)) {
    if (e->nf >= CODEC_DEPTH) refuse(e, "nested too deep");
    spill(e, &e->f[e->nf - 1]);
  }
  luaL_checkstack(e->L, 10, "too many arguments");
  f = &e->f[e->nf++];
  memset(f, 0, sizeof *f);
  f->kind = (uint8_t)kind;
  f->at = e->b->n;
  f->base = lua_gettop(e->L);
  return f;
}

/* Ends the level, whose value alone is left on top, and pops that. */
static void leave(encoder *e) {
  lua_pop(e->L, 1);
  if (--e->nf == 0) return;
  if (LUV_UNLIKELY(e->f[e->nf - 1].spilled)) restore(e, &e->f[e->nf - 1]);
}

/* ---- what begins a level --------------------------------------------------------------- */

static int put_library(encoder *e, const void *p) {
  uint32_t i = e->flags & LUV_CODEC_FAR ? 0 : luv__library_find(luv__codec_of(e->S), p);
  const char *lib, *name;
  if (LUV_LIKELY(!i)) return 0;
  name = luv__library_name(luv__codec_of(e->S), i, &lib);
  put_byte(e, TAG_LIBRARY);
  put_name(e, lib);
  put_name(e, name);
  return 1;
}

static void begin_table(encoder *e) {
  size_t n = lua_objlen(e->L, -1);
  frame *f = enter(e, TABLE);
  char *p = room(e, 16), *q;
  f->n = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
  *p = TAG_TABLE;
  q = varint(p + 1, f->n);
  set_u32(q, 0);
  e->b->n += (size_t)(q + 4 - p);
  f->width = (uint8_t)(q - p - 1);
  lua_pushnil(e->L);
}

enum { NO_MEMORY = 2 }; /* lua_dump's own is 1: no Lua function */

static int write_bytecode(lua_State *L, const void *p, size_t n, void *ud) {
  encoder *e = ud;
  (void)L;
  if (e->b->cap - e->b->n < n) { /* no error may cross lua_dump */
    size_t cap = (e->b->n + n) * 2;
    char *q = realloc(e->b->p, cap);
    if (!q) return NO_MEMORY;
    e->b->p = q;
    e->b->cap = cap;
  }
  memcpy(e->b->p + e->b->n, p, n);
  e->b->n += n;
  return 0;
}

/* The cells: an upvalue that an earlier function has, too, is named by its place there. */
static void put_cells(encoder *e, frame *f) {
  uint32_t i;
  for (i = 1; i <= f->n; i++) {
    const void *id = luv__upvalue_id(e->S, e->L, -1, (int)i);
    if (id && place(e, id)->p && (place(e, id)->at & OFFSET) > f->at) id = NULL; /* twice in this one */
    if (id && mentioned(e, id, 0, CELL_REF)) continue;
    put_byte(e, CELL);
    f->own |= (uint64_t)1 << (i - 1);
  }
}

static void begin_function(encoder *e) {
  lua_State *L = e->L;
  frame *f = enter(e, FUNCTION);
  size_t at = e->b->n + 1;
  lua_Debug ar;
  int rc;
  e->code = 1;
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">u", &ar);
  e->nf--; /* of its path are its upvalues, not the function */
  if (ar.nups > CODEC_UPVALUES) refuse(e, "function with more than 64 upvalues");
  room(e, 5)[0] = TAG_FUNCTION;
  e->b->n += 5;
  rc = lua_dump(L, write_bytecode, e);
  if (rc) refuse(e, rc == NO_MEMORY ? "not enough memory" : "function that cannot be dumped");
  e->nf++;
  if (e->b->n - at - 4 > UINT32_MAX) refuse(e, "function larger than 4 GB");
  set_u32(e->b->p + at, (uint32_t)(e->b->n - at - 4));
  f->n = (uint32_t)ar.nups;
  put_byte(e, ar.nups);
  put_cells(e, f);
}

/* Keeps the value on top if it has been mentioned, and pops it. */
static void hold(encoder *e) {
  lua_State *L = e->L;
  int type = lua_type(L, -1);
  const void *p = type == LUA_TSTRING ? (const void *)lua_tostring(L, -1) : lua_topointer(L, -1);
  seen *s = p && type != LUA_TLIGHTUSERDATA ? place(e, p) : NULL;
  if (s && s->p && !(s->at & KEPT)) {
    s->at |= KEPT;
    keep(e, -1);
  }
  lua_pop(L, 1);
}

/* The same for what is in the table or function on top. */
static void hold_parts(encoder *e) {
  lua_State *L = e->L;
  int i;
  if (lua_isfunction(L, -1))
    for (i = 1; lua_getupvalue(L, -1, i); i++) hold(e);
  if (!lua_istable(L, -1)) return;
  for (lua_pushnil(L); lua_next(L, -2);) {
    hold(e);
    lua_pushvalue(L, -1);
    hold(e);
  }
}

/* All that has been mentioned is reached from the arguments, no code having run so far. */
static void hold_all(encoder *e) {
  lua_State *L = e->L;
  uint32_t i;
  int k;
  if (e->holding) return;
  e->holding = 1;
  luaL_checkstack(L, 10, NULL);
  for (k = 2; k < e->over; k++) {
    lua_pushvalue(L, k);
    hold(e);
  }
  for (i = 1; i <= e->nkept; i++) {
    lua_rawgeti(L, e->kept, (int)i);
    hold_parts(e);
    lua_pop(L, 1);
  }
}

/* The object on top has its hook above it. What that returns is kept until the end, since
 * `seen` has its address. */
static void begin_hook(encoder *e) {
  lua_State *L = e->L;
  frame *f;
  want_table(e, e->kept);
  hold_all(e);
  keep(e, -1);
  lua_pop(L, 1);
  place(e, lua_topointer(L, -1))->at |= UNFINISHED;
  f = enter(e, HOOK);
  put_byte(e, TAG_HOOK);
  e->code = 1;
  lua_rawgeti(L, e->kept, (int)e->nkept);
  lua_pushvalue(L, -2);
  if (lua_pcall(L, 1, 2, 0))
    refuse(e, lua_isstring(L, -1) ? lua_tostring(L, -1) : luaL_typename(L, -1));
  if (lua_type(L, -2) != LUA_TSTRING && !lua_isfunction(L, -2)) {
    lua_pushfstring(L, "a function or a name expected, got %s", luaL_typename(L, -2));
    refuse(e, lua_tostring(L, -1));
  }
  keep(e, -1);
  keep(e, -2);
  lua_insert(L, -2); /* object, value, decoder */
  f->i = 0;
}

static void reserve_held(encoder *e) {
  luv_blob *b = e->b;
  uint32_t cap = b->cap_held ? b->cap_held * 2 : 4;
  luv_held *v;
  if (b->nheld < b->cap_held) return;
  v = realloc(b->held, cap * sizeof *v);
  if (!v) no_memory(e);
  b->held = v;
  b->cap_held = cap;
}

static void put_u64(encoder *e, uint64_t n) {
  int k;
  for (k = 0; k < 8; k++) put_byte(e, (int)(n >> 8 * k & 255));
}

/* The value on top goes onto the list of those that stay. */
static int put_far(encoder *e) {
  int n = (int)lua_objlen(e->L, e->far) + 1;
  lua_pushvalue(e->L, -1);
  lua_rawseti(e->L, e->far, n);
  put_byte(e, TAG_STAYS);
  put_u64(e, (uint64_t)n);
  return 1;
}

/* The value on top stays where it is, if it may: 0, it may not. */
static int put_stays(encoder *e) {
  const luv_shared *kind = luv__given.stays;
  uint64_t id;
  if (e->flags & LUV_CODEC_FAR) return e->flags & LUV_CODEC_COPY && e->nf == 0 ? 0 : put_far(e);
  if (!(e->flags & LUV_CODEC_STAYS) || !kind || (e->flags & LUV_CODEC_COPY && e->nf == 0)) return 0;
  reserve_held(e);
  id = kind->hold(e->S, e->L, -1);
  if (!id) return 0;
  e->b->held[e->b->nheld++] = (luv_held){kind, id};
  put_byte(e, TAG_STAYS);
  put_u64(e, id);
  return 1;
}

/* The same for a table or function that could be copied. */
static int put_staying(encoder *e) {
  if (e->flags & LUV_CODEC_FAR && luv__library_find(luv__codec_of(e->S), lua_topointer(e->L, -1))) return put_far(e);
  if (e->flags & LUV_CODEC_FAR && lua_isfunction(e->L, -1)) return put_stays(e) || refuse(e, "function");
  if (!(e->flags & (LUV_CODEC_STAYS | LUV_CODEC_FAR)) || !luv__given.is_to_stay) return 0;
  return luv__given.is_to_stay(e->S, e->L, -1) && put_stays(e);
}

static void put_shared(encoder *e, const luv_shared *kind) {
  luv_blob *b = e->b;
  uint64_t process = luv__process(), id;
  reserve_held(e);
  id = kind->hold(e->S, e->L, -1);
  if (!id) {
    lua_pushfstring(e->L, "%s that is closed", kind->name);
    refuse(e, lua_tostring(e->L, -1));
  }
  b->held[b->nheld++] = (luv_held){kind, id};
  put_byte(e, TAG_OBJECT);
  put_name(e, kind->name);
  put_u64(e, process);
  put_varint(e, id);
}

/* luaL_getmetafield of "__codec", without a string that is made for it. */
static int push_hook(encoder *e) {
  lua_State *L = e->L;
  if (!lua_getmetatable(L, -1)) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__codec_of(e->S)->ref_hook);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  if (!lua_isnil(L, -1)) return 1;
  lua_pop(L, 1);
  return 0;
}

/* A userdata on top. Pops it unless it has begun a level. */
static void begin_userdata(encoder *e) {
  lua_State *L = e->L;
  int class_id = luv__class_of(e->S, L, -1);
  const luv_shared *kind = class_id < 0 ? NULL : luv__classes[class_id]->shared;
  if (e->flags & LUV_CODEC_FAR || (!kind && (class_id >= 0 || !push_hook(e)))) {
    if (!put_stays(e)) refuse(e, class_id >= 0 ? luv__class_name(class_id) : "userdata");
    lua_pop(L, 1);
    return;
  }
  if (mentioned(e, lua_topointer(L, kind ? -1 : -2), kind ? -1 : -2, TAG_REF)) {
    lua_pop(L, kind ? 1 : 2);
    return;
  }
  if (!kind) {
    begin_hook(e);
    return;
  }
  put_shared(e, kind);
  lua_pop(L, 1);
}

/* A table on top, with a metatable above it, that is popped. 1: its hook has begun. */
static int begin_with_metatable(encoder *e) {
  lua_State *L = e->L;
  lua_pop(L, 1);
  if (!(e->flags & LUV_CODEC_FAR) && push_hook(e)) {
    begin_hook(e);
    return 1;
  }
  if (luv__is_cancelled(e->S, L, lua_gettop(L))) {
    put_byte(e, TAG_CANCELLED);
    place(e, lua_topointer(L, -1))->at = e->b->n | (e->holding ? KEPT : 0);
  }
  return 0;
}

/* The value on top is no scalar: writes it and pops it, or begins a level. */
static void begin(encoder *e) {
  lua_State *L = e->L;
  int type = lua_type(L, -1);
  const void *p = lua_topointer(L, -1);
  switch (type) {
    case LUA_TTABLE:
    case LUA_TFUNCTION:
      if (put_library(e, p) || put_staying(e)) break;
      if (type == LUA_TFUNCTION && lua_iscfunction(L, -1)) {
        if (!put_stays(e)) refuse(e, "C function");
        break;
      }
      if (mentioned(e, p, -1, TAG_REF)) break;
      if (type == LUA_TFUNCTION) begin_function(e);
      else if (!lua_getmetatable(L, -1) || !begin_with_metatable(e)) begin_table(e);
      return;
    case LUA_TUSERDATA:
      if (put_library(e, p)) break;
      begin_userdata(e);
      return;
    case LUA_TTHREAD:
      if (!put_stays(e)) refuse(e, "coroutine");
      break;
    case LUA_TLIGHTUSERDATA: refuse(e, "light userdata"); break;
    default: refuse(e, luaL_typename(L, -1)); /* LuaJIT's cdata */
  }
  lua_pop(L, 1);
}

/* ---- a level at work ------------------------------------------------------------------- */

/* Counts are known at the end of the walk. Fewer items than announced: the number keeps its
 * width. */
static void end_table(encoder *e, frame *f) {
  char *p = e->b->p + f->at;
  uint32_t i, n = f->i;
  if (n != f->n)
    for (i = 1; i <= f->width; i++, n >>= 7) p[i] = (char)((n & 127) | (i < f->width ? 128 : 0));
  if (f->pairs) set_u32(p + 1 + f->width, f->pairs);
  leave(e);
}

/* Pushes the next pair of the table; key 0, which LuaJIT has first, is the last one. */
static inline int next_pair(encoder *e, frame *f) {
  lua_State *L = e->L;
  for (;;) {
    if (LUV_UNLIKELY(f->zero == 2)) {
      lua_pop(L, 1);
      return 0;
    }
    if (LUV_LIKELY(lua_next(L, -2))) {
      if (LUV_LIKELY(lua_type(L, -2) != LUA_TNUMBER || f->i || f->pairs || f->zero ||
                     lua_tonumber(L, -2) != 0))
        return 1;
      f->zero = 1;
      lua_pop(L, 1);
      continue;
    }
    if (LUV_LIKELY(!f->zero)) return 0;
    f->zero = 2;
    lua_pushinteger(L, 0);
    lua_rawgeti(L, -2, 0);
    if (!lua_isnil(L, -1)) return 1;
    lua_pop(L, 1);
  }
}

/* The items come first and in order: so does lua_next, for what a table has as an array. */
static inline int is_item(encoder *e, frame *f) {
  if (f->pairs || f->i >= f->n || lua_type(e->L, -2) != LUA_TNUMBER) return 0;
  if (lua_tonumber(e->L, -2) != (double)f->i + 1) return 0;
  f->i++;
  return 1;
}

/* Writes the key below the value on top; 0: it has begun a level. */
static int put_key(encoder *e, frame *f) {
  size_t depth = e->nf;
  f->pairs++;
  if (LUV_LIKELY(put_scalar(e, -2))) return 1;
  f->state = VALUE;
  lua_pushvalue(e->L, -2);
  begin(e);
  if (e->nf != depth) return 0;
  f->state = WALK;
  return 1;
}

static void step_table(encoder *e) {
  lua_State *L = e->L;
  size_t depth = e->nf;
  frame *f = &e->f[depth - 1];
  int value = f->state == VALUE;
  f->state = WALK;
  for (;;) {
    if (!value) {
      if (!next_pair(e, f)) {
        end_table(e, f);
        return;
      }
      if (!is_item(e, f) && !put_key(e, f)) return;
    }
    value = 0;
    if (LUV_LIKELY(put_scalar(e, -1))) lua_pop(L, 1);
    else {
      begin(e);
      if (e->nf != depth) return;
    }
  }
}

static void step_function(encoder *e) {
  size_t depth = e->nf;
  frame *f = &e->f[depth - 1];
  while (f->i < f->n) {
    if (!(f->own >> f->i++ & 1)) continue;
    lua_getupvalue(e->L, -1, (int)f->i);
    if (put_scalar(e, -1)) lua_pop(e->L, 1);
    else {
      begin(e);
      if (e->nf != depth) return;
    }
  }
  leave(e);
}

/* First the decoder, then the value: both lie above the object. */
static void step_hook(encoder *e) {
  size_t depth = e->nf;
  frame *f = &e->f[depth - 1];
  while (f->i < 2) {
    f->i++;
    if (put_scalar(e, -1)) lua_pop(e->L, 1);
    else {
      begin(e);
      if (e->nf != depth) return;
    }
  }
  place(e, lua_topointer(e->L, -1))->at &= ~UNFINISHED;
  leave(e);
}

static void walk(encoder *e) {
  while (e->nf > 0) switch (e->f[e->nf - 1].kind) {
    case TABLE: step_table(e); break;
    case FUNCTION: step_function(e); break;
    default: step_hook(e);
  }
}

/* ---- a message ------------------------------------------------------------------------- */

/* What is known at the end: flags, the kind of bytecode, and the seal. */
static void finish(encoder *e) {
  const char *kind;
  if (!e->code) return;
  kind = luv__bytecode_kind(e->S, e->L);
  put_bytes(e, kind, strlen(kind));
  put_byte(e, (int)strlen(kind));
  e->b->p[1] = CODEC_CODE;
  if (e->flags & LUV_CODEC_TRUSTED) return;
  e->b->p[1] = CODEC_CODE | CODEC_SEALED;
  room(e, CODEC_SEAL);
  luv__go_seal(e->b->p, e->b->n, e->b->p + e->b->n);
  e->b->n += CODEC_SEAL;
}

/* encode(encoder, values...) */
int luv__encode_protected(lua_State *L) {
  encoder *e = lua_touserdata(L, 1);
  int i, n = lua_gettop(L) - 1;
  e->L = L;
  luaL_checkstack(L, 20, "too many arguments");
  e->over = n + 2;
  e->kept = n + 3;
  e->far = n + 4;
  lua_settop(L, n + 3);
  if (e->flags & LUV_CODEC_FAR) lua_newtable(L);
  else lua_pushnil(L);
  luv__library_complete(e->S, L);
  e->b->n = (size_t)(room(e, 64) - e->b->p) + CODEC_HEAD;
  e->b->p[0] = CODEC_VERSION;
  e->b->p[1] = 0;
  put_varint(e, (uint64_t)n);
  for (i = 1; i <= n; i++) {
    e->argument = i;
    if (put_scalar(e, i + 1)) continue;
    lua_pushvalue(L, i + 1);
    begin(e);
    walk(e);
  }
  finish(e);
  lua_pushvalue(L, e->far);
  return e->flags & LUV_CODEC_FAR ? 1 : 0;
}

int luv__encode(luv_state *S, lua_State *L, int first, int n, int flags, luv_blob *b) {
  encoder e;
  int i, err;
  memset(&e, 0, sizeof e);
  memset(b, 0, sizeof *b);
  e.S = S;
  e.b = b;
  e.flags = flags;
  e.seen = e.few;
  e.mask = sizeof e.few / sizeof *e.few - 1;
  if (first < 0) first += lua_gettop(L) + 1;
  if (n > CODEC_VALUES) {
    lua_pushliteral(L, "more than 7000 values");
    return -1;
  }
  if (luv__grow_stack(S, L, flags & LUV_CODEC_TAKE ? 8 : n + 4)) return -1;
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__codec_of(S)->ref_encode);
  lua_pushlightuserdata(L, &e);
  if (flags & LUV_CODEC_TAKE) {
    lua_insert(L, first);
    lua_insert(L, first); /* the function below the encoder */
  } else for (i = 0; i < n; i++) lua_pushvalue(L, first + i);
  err = lua_pcall(L, n + 1, flags & LUV_CODEC_FAR ? 1 : 0, 0);
  free(e.f);
  if (e.seen != e.few) free(e.seen);
  if (!err) return 0;
  luv__blob_free(b);
  return -1;
}

int luv__encode_far(luv_state *S, lua_State *L, int first, int n, int copy, luv_blob *b) {
  return luv__encode(S, L, first, n, copy ? LUV_CODEC_FAR | LUV_CODEC_COPY : LUV_CODEC_FAR, b);
}
