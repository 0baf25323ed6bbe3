/* codec_decode.c - bytes into values, whoever wrote them.
 *
 * Every length and count is checked before anything is made of it. Counts are checked
 * against what they still need: an item takes a byte at least, so all tables that are open
 * at a time cannot announce more items than there are bytes (`owed`). So memory stays a
 * small multiple of the message, however it lies. There is no recursion: see codec_encode.c. */
#include <stdarg.h>
#include <stdio.h>
#include "codec_format.h"

typedef struct { size_t at; uint32_t upvalue; } ref; /* upvalue 0: the value itself */

enum { TABLE, FUNCTION, HOOK, CANCELLED };
enum { BEGIN, ITEM, KEY, VALUE };

typedef struct {
  uint64_t own;     /* of a function: the upvalues whose values follow */
  uint32_t n, i;    /* items, read; of a function: upvalues */
  uint32_t pairs;   /* still to come */
  uint32_t ref;     /* of a hook: where its result goes */
  uint32_t spilled; /* where in `over` its slots are */
  int base;
  uint8_t kind, state, slots;
} frame;

typedef struct {
  luv_state *S;
  lua_State *L;
  const luv_decoding *how;
  const unsigned char *start, *p, *end;
  int64_t owed;
  const char *kind; /* of the bytecode, not terminated; NULL: there shall be no code */
  size_t nkind;
  int trusted;      /* code may be taken */
  int hooked;       /* a function of the script has been called */
  int hooks, far, over, refs;
  uint32_t nover, nrefs, cap_refs;
  ref *ref;
  frame *f;
  size_t nf, cap, depth;
} decoder;

/* ---- errors ---------------------------------------------------------------------------- */

/* Raises "NAME: text: subject". */
int luv__codec_error(lua_State *L, int err, const char *fmt, ...) {
  char text[128], name[32];
  va_list ap;
  uv_strerror_r(err, text, sizeof text);
  uv_err_name_r(err, name, sizeof name);
  lua_pushfstring(L, "%s: %s: ", name, text);
  va_start(ap, fmt);
  lua_pushvfstring(L, fmt, ap);
  va_end(ap);
  lua_concat(L, 2);
  return lua_error(L);
}

static int malformed(decoder *d, const char *what) {
  return luv__codec_error(d->L, UV_EPROTO, "%s (byte %f)", what, (lua_Number)(d->p - d->start));
}

static int cut_short(decoder *d) { return malformed(d, "the string ends too early"); }

/* ---- bytes ----------------------------------------------------------------------------- */

static inline size_t left(const decoder *d) { return (size_t)(d->end - d->p); }

static inline void need(decoder *d, size_t n) {
  if (LUV_UNLIKELY(left(d) < n)) cut_short(d);
}

static __attribute__((noinline)) uint64_t long_varint(decoder *d) {
  uint64_t n = 0;
  int shift = 0;
  for (;; shift += 7) {
    unsigned char c;
    need(d, 1);
    c = *d->p++;
    if (shift > 63 || (shift == 63 && c > 1)) malformed(d, "a number of more than 64 bits");
    n |= (uint64_t)(c & 127) << shift;
    if (c < 128) return n;
  }
}

static inline uint64_t get_varint(decoder *d) {
  if (LUV_LIKELY(d->p < d->end && *d->p < 128)) return *d->p++;
  return long_varint(d);
}

static inline uint32_t get_u32(decoder *d) {
  const unsigned char *p = d->p;
  need(d, 4);
  d->p += 4;
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get_u64(decoder *d) {
  uint64_t low = get_u32(d);
  return low | (uint64_t)get_u32(d) << 32;
}

/* n bytes of the message itself. */
static inline const char *get_bytes(decoder *d, uint64_t n) {
  const char *s = (const char *)d->p;
  if (LUV_UNLIKELY(n > left(d))) cut_short(d);
  d->p += n;
  return s;
}

static const char *get_name(decoder *d, size_t *n) {
  *n = (size_t)get_varint(d);
  return get_bytes(d, *n);
}

/* ---- what is referred to --------------------------------------------------------------- */

static void want_table(decoder *d, int slot) {
  if (lua_istable(d->L, slot)) return;
  lua_newtable(d->L);
  lua_replace(d->L, slot);
}

/* Takes the value on top, which stays, as what stands at that place. */
static uint32_t note(decoder *d, const unsigned char *at, uint32_t upvalue) {
  if (d->nrefs == d->cap_refs) {
    uint32_t cap = d->cap_refs ? d->cap_refs * 2 : 16;
    ref *v = realloc(d->ref, cap * sizeof *v);
    if (!v) luaL_error(d->L, "not enough memory");
    d->ref = v;
    d->cap_refs = cap;
  }
  want_table(d, d->refs);
  d->ref[d->nrefs].at = (size_t)(at - d->start);
  d->ref[d->nrefs++].upvalue = upvalue;
  lua_pushvalue(d->L, -1);
  lua_rawseti(d->L, d->refs, (int)d->nrefs);
  return d->nrefs;
}

/* The same for a value that comes later: fulfil() puts it there. */
static uint32_t reserve(decoder *d, const unsigned char *at) {
  uint32_t place;
  lua_pushlightuserdata(d->L, d);
  place = note(d, at, 0);
  lua_pop(d->L, 1);
  return place;
}

static void fulfil(decoder *d, uint32_t place) {
  lua_pushvalue(d->L, -1);
  lua_rawseti(d->L, d->refs, (int)place);
}

/* The place in `refs` of what stands at that offset. They are in order. */
static uint32_t find(decoder *d, uint64_t at, int upvalue) {
  uint32_t low = 0, high = d->nrefs;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (d->ref[mid].at < at) low = mid + 1;
    else high = mid;
  }
  if (low == d->nrefs || d->ref[low].at != at || (d->ref[low].upvalue != 0) != upvalue)
    malformed(d, "a reference to nothing");
  return low + 1;
}

static void push_ref(decoder *d) {
  uint32_t i = find(d, get_varint(d), 0);
  lua_rawgeti(d->L, d->refs, (int)i);
  if (lua_islightuserdata(d->L, -1)) malformed(d, "a value that refers to itself through __codec");
}

/* ---- what takes no level of its own ---------------------------------------------------- */

static void push_double(decoder *d) {
  uint64_t u = get_u64(d);
  double x;
  memcpy(&x, &u, 8);
  if (x != x && d->S->jit) { /* there the others would be pointers */
    u = (uint64_t)0xfff8 << 48;
    memcpy(&x, &u, 8);
  }
  lua_pushnumber(d->L, x);
}

static void push_string(decoder *d, int shared) {
  const unsigned char *at = d->p - 1;
  uint64_t n = get_varint(d);
  const char *s = get_bytes(d, n);
  if (shared && n <= CODEC_INLINE) malformed(d, "a short string that is shared");
  lua_pushlstring(d->L, s, (size_t)n);
  if (shared) note(d, at, 0);
}

static void push_library(decoder *d) {
  size_t nlib, n;
  const char *lib = get_name(d, &nlib), *name = get_name(d, &n);
  if (d->how->flags & LUV_CODEC_NO_FUNCTIONS)
    luv__codec_error(d->L, UV_EACCES, "a library's function, and functions are refused");
  if (luv__library_push(d->S, d->L, lib, nlib, name, n)) return;
  lua_pushlstring(d->L, lib, nlib < 64 ? nlib : 64);
  lua_pushlstring(d->L, name, n < 64 ? n : 64);
  luv__codec_error(d->L, UV_ENOSYS, "there is no %s%s%s here", lua_tostring(d->L, -2), nlib ? "." : "",
                   lua_tostring(d->L, -1));
}

static void push_object(decoder *d, int shared) {
  const unsigned char *at = d->p - 1;
  size_t n;
  const char *name = get_name(d, &n);
  const luv_shared *kind = luv__shared_named(name, n);
  uint64_t process = get_u64(d), id = get_varint(d);
  if (!kind || d->far) malformed(d, "an object of an unknown class");
  if (process != luv__process()) luv__codec_error(d->L, UV_ESRCH, "the %s is another process's", kind->name);
  if (!kind->push(d->S, d->L, id)) luv__codec_error(d->L, UV_EBADF, "the %s is closed", kind->name);
  if (shared) note(d, at, 0);
}

/* Its number is an address: it comes from this process's own messages. */
static void push_staying(decoder *d) {
  if (d->far) {
    uint64_t at = get_u64(d);
    lua_rawgeti(d->L, d->far, at > INT32_MAX ? 0 : (int)at);
    if (lua_isnil(d->L, -1)) malformed(d, "an object that did not come along");
    return;
  }
  if (!(d->how->flags & LUV_CODEC_TRUSTED) || !luv__given.stays) {
    d->p--;
    malformed(d, "an unknown tag");
  }
  luv__given.stays->push(d->S, d->L, get_u64(d));
}

/* The rarer ones. 0: it begins a level. */
static int push_other(decoder *d, int tag) {
  switch (tag) {
    case TAG_OBJECT:
    case TAG_OBJECT_SHARED: push_object(d, tag & 1); return 1;
    case TAG_LIBRARY: push_library(d); return 1;
    case TAG_STAYS: push_staying(d); return 1;
    case TAG_DOUBLE: push_double(d); return 1;
    case TAG_INTEGER: lua_pushnumber(d->L, (lua_Number)get_varint(d)); return 1;
    case TAG_NEGATIVE: lua_pushnumber(d->L, -(lua_Number)get_varint(d)); return 1;
    case TAG_STRING:
    case TAG_STRING_SHARED: push_string(d, tag & 1); return 1;
    case TAG_REF: push_ref(d); return 1;
    case TAG_NIL: lua_pushnil(d->L); return 1;
    case TAG_FALSE:
    case TAG_TRUE: lua_pushboolean(d->L, tag == TAG_TRUE); return 1;
    default: return 0;
  }
}

/* Pushes the next value; or returns 0 after a tag that begins a level. */
static inline int push_value(decoder *d) {
  int tag;
  if (LUV_UNLIKELY(d->p == d->end)) cut_short(d);
  tag = *d->p++;
  if (tag >= TAG_SMALL) {
    lua_pushnumber(d->L, tag - TAG_SMALL);
    return 1;
  }
  if (tag >= TAG_SHORT) {
    size_t n = (size_t)tag - TAG_SHORT;
    const char *s = (const char *)d->p;
    need(d, n);
    d->p += n;
    lua_pushlstring(d->L, s, n);
    return 1;
  }
  return push_other(d, tag);
}

/* ---- levels ---------------------------------------------------------------------------- */

/* Moves all slots of frame f, which are on top, into `over`. */
static void spill(decoder *d, frame *f) {
  int k, n = lua_gettop(d->L) - f->base + 1;
  want_table(d, d->over);
  f->slots = (uint8_t)n;
  f->spilled = d->nover + 1;
  for (k = 0; k < n; k++) {
    lua_pushvalue(d->L, f->base + k);
    lua_rawseti(d->L, d->over, (int)++d->nover);
  }
  lua_settop(d->L, f->base - 1);
}

/* Puts them back below the value on top. */
static void restore(decoder *d, frame *f) {
  int k;
  for (k = 0; k < f->slots; k++) {
    lua_rawgeti(d->L, d->over, (int)f->spilled + k);
    lua_insert(d->L, -2);
  }
  d->nover -= f->slots;
  f->spilled = 0;
}

static frame *enter(decoder *d, int kind) {
  frame *f;
  if (LUV_UNLIKELY(d->nf == d->cap)) {
    size_t cap = d->cap ? d->cap * 2 : 16;
    f = realloc(d->f, cap * sizeof *f);
    if (!f) luaL_error(d->L, "not enough memory");
    d->f = f;
    d->cap = cap;
  }
  if (LUV_UNLIKELY(d->nf >= d->depth))
    luv__codec_error(d->L, UV_EMSGSIZE, "values are nested more than %d deep", (int)d->depth);
  if (LUV_UNLIKELY(d->nf >= CODEC_ON_STACK)) spill(d, &d->f[d->nf - 1]);
  luaL_checkstack(d->L, 12, "too many values");
  f = &d->f[d->nf++];
  memset(f, 0, sizeof *f);
  f->kind = (uint8_t)kind;
  f->base = lua_gettop(d->L) + 1;
  return f;
}

/* Ends the level: its value is on top, for the level around it. */
static void leave(decoder *d) {
  if (--d->nf > 0 && LUV_UNLIKELY(d->f[d->nf - 1].spilled)) restore(d, &d->f[d->nf - 1]);
}

static void begin_table(decoder *d, int shared) {
  const unsigned char *at = d->p - 1;
  uint64_t n = get_varint(d), pairs = get_u32(d);
  frame *f;
  if (n > INT32_MAX || pairs > INT32_MAX || (int64_t)(n + 2 * pairs) > (int64_t)left(d) - d->owed) cut_short(d);
  d->owed += (int64_t)(n + 2 * pairs);
  f = enter(d, TABLE);
  f->n = (uint32_t)n;
  f->pairs = (uint32_t)pairs;
  lua_createtable(d->L, (int)n, (int)pairs);
  if (shared) note(d, at, 0);
}

static int refuse_code(decoder *d, const char *what) {
  if (d->how->flags & LUV_CODEC_NO_FUNCTIONS)
    return luv__codec_error(d->L, UV_EACCES, "%s, and functions are refused", what);
  return luv__codec_error(d->L, UV_EACCES, "%s without this process's seal", what);
}

static void load(decoder *d) {
  const char *kind = luv__bytecode_kind(d->S, d->L), *code;
  uint32_t n = get_u32(d);
  int rc;
  if (!d->kind) malformed(d, "a function in a message without functions");
  if (!d->trusted) refuse_code(d, "a function");
  if (strlen(kind) != d->nkind || memcmp(kind, d->kind, d->nkind) != 0) {
    lua_pushlstring(d->L, d->kind, d->nkind);
    luv__codec_error(d->L, UV_EPROTONOSUPPORT, "bytecode of %s, and this is %s", lua_tostring(d->L, -1), kind);
  }
  code = get_bytes(d, n);
  rc = luv__bytecode_fits(d->S, code, n) ? luaL_loadbuffer(d->L, code, n, "=luv") : LUA_ERRSYNTAX;
  if (rc == LUA_ERRMEM) lua_error(d->L);
  if (rc) malformed(d, "no bytecode of this interpreter");
}

/* Makes upvalue i that of the function which has it already. */
static void join(decoder *d, uint32_t i) {
  uint32_t k = find(d, get_varint(d), 1);
  lua_rawgeti(d->L, d->refs, (int)k);
  if (!luv__upvalue_join(d->S, d->L, lua_gettop(d->L) - 1, (int)i, lua_gettop(d->L), (int)d->ref[k - 1].upvalue)) {
    lua_getupvalue(d->L, -1, (int)d->ref[k - 1].upvalue); /* a copy, then */
    lua_setupvalue(d->L, -3, (int)i);
  }
  lua_pop(d->L, 1);
}

/* The cells, twice: first those of other functions, since nothing may be allocated between
 * the loading of a function and its joining; then those that others may refer to. */
static void get_cells(decoder *d, frame *f) {
  const unsigned char *cells = d->p;
  uint32_t i;
  for (i = 1; i <= f->n; i++) {
    need(d, 1);
    switch (*d->p++) {
      case CELL_REF: join(d, i); break;
      case CELL:
      case CELL_SHARED: f->own |= (uint64_t)1 << (i - 1); break;
      default: malformed(d, "an unknown kind of upvalue");
    }
  }
  for (i = 1, d->p = cells; i <= f->n; i++) {
    int cell = *d->p++;
    if (cell == CELL_REF) get_varint(d);
    else if (cell == CELL_SHARED) note(d, d->p - 1, i);
  }
}

static void begin_function(decoder *d, int shared) {
  const unsigned char *at = d->p - 1;
  lua_Debug ar;
  frame *f = enter(d, FUNCTION);
  uint32_t place = shared ? reserve(d, at) : 0;
  luv__upvalue_ready(d->S, d->L);
  load(d);
  lua_pushvalue(d->L, -1);
  lua_getinfo(d->L, ">u", &ar);
  need(d, 1);
  f->n = *d->p++;
  if (f->n != (uint32_t)ar.nups || f->n > CODEC_UPVALUES) malformed(d, "another number of upvalues");
  get_cells(d, f);
  if (shared) fulfil(d, place);
}

static void begin_hook(decoder *d, int shared) {
  const unsigned char *at = d->p - 1;
  frame *f = enter(d, HOOK);
  if (!d->kind) malformed(d, "a hook in a message without functions");
  if (shared) f->ref = reserve(d, at);
}

/* A table of this very message follows: no other gets a metatable by it. */
static void begin_cancelled(decoder *d) {
  if (d->p == d->end) cut_short(d);
  if (*d->p != TAG_TABLE && *d->p != TAG_TABLE_SHARED) malformed(d, "a cancellation that is no table");
  enter(d, CANCELLED);
}

/* After a tag that push_value did not take. */
static void begin(decoder *d) {
  int tag = d->p[-1];
  switch (tag) {
    case TAG_TABLE:
    case TAG_TABLE_SHARED: begin_table(d, tag & 1); break;
    case TAG_FUNCTION:
    case TAG_FUNCTION_SHARED: begin_function(d, tag & 1); break;
    case TAG_HOOK:
    case TAG_HOOK_SHARED: begin_hook(d, tag & 1); break;
    case TAG_CANCELLED: begin_cancelled(d); break;
    default:
      d->p--;
      malformed(d, "an unknown tag");
  }
}

/* ---- a level at work ------------------------------------------------------------------- */

static inline void check_key(decoder *d) {
  if (LUV_LIKELY(lua_type(d->L, -1) == LUA_TSTRING)) return;
  if (lua_isnil(d->L, -1)) malformed(d, "a key that is nil");
  if (lua_type(d->L, -1) == LUA_TNUMBER && lua_tonumber(d->L, -1) != lua_tonumber(d->L, -1))
    malformed(d, "a key that is not a number");
}

/* 0: an item has begun a level. */
static int step_items(decoder *d, frame *f) {
  if (f->state == ITEM) lua_rawseti(d->L, -2, (int)++f->i);
  while (f->i < f->n) {
    d->owed--;
    if (!push_value(d)) {
      f->state = ITEM;
      begin(d);
      return 0;
    }
    lua_rawseti(d->L, -2, (int)++f->i);
  }
  return 1;
}

static void step_table(decoder *d) {
  frame *f = &d->f[d->nf - 1];
  int state = f->state;
  if (state <= ITEM && !step_items(d, f)) return;
  f->state = KEY;
  if (state == KEY) goto key;
  if (state == VALUE) goto value;
  while (f->pairs > 0) {
    f->pairs--;
    d->owed--;
    if (!push_value(d)) {
      begin(d);
      return;
    }
  key:
    check_key(d);
    d->owed--;
    if (!push_value(d)) {
      f->state = VALUE;
      begin(d);
      return;
    }
  value:
    lua_rawset(d->L, -3);
  }
  leave(d);
}

static void step_function(decoder *d) {
  frame *f = &d->f[d->nf - 1];
  if (f->state == VALUE) lua_setupvalue(d->L, -2, (int)f->i);
  f->state = VALUE;
  while (f->i < f->n) {
    if (!(f->own >> f->i++ & 1)) continue;
    if (!push_value(d)) {
      begin(d);
      return;
    }
    lua_setupvalue(d->L, -2, (int)f->i);
  }
  leave(d);
}

/* Replaces the name on top by the function: the caller's, or if the message is trusted one
 * of the registry or a global. */
static void look_up(decoder *d) {
  lua_State *L = d->L;
  if (d->hooks) {
    lua_pushvalue(L, -1);
    lua_rawget(L, d->hooks);
    if (lua_isfunction(L, -1)) {
      lua_replace(L, -2);
      return;
    }
    lua_pop(L, 1);
  }
  if (!d->trusted) refuse_code(d, "a __codec name");
  lua_pushvalue(L, -1);
  lua_rawget(L, LUA_REGISTRYINDEX);
  if (!lua_isfunction(L, -1)) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawget(L, LUA_GLOBALSINDEX);
  }
  if (!lua_isfunction(L, -1))
    luv__codec_error(L, UV_ENOSYS, "no function is called '%s', which __codec has named", lua_tostring(L, -2));
  lua_replace(L, -2);
}

/* The decoder and the value are on top. */
static void call_hook(decoder *d, uint32_t at) {
  lua_State *L = d->L;
  d->hooked = 1;
  if (lua_pcall(L, 1, 1, 0))
    luv__codec_error(L, UV_EINVAL, "__codec: %s", lua_isstring(L, -1) ? lua_tostring(L, -1) : luaL_typename(L, -1));
  if (at) fulfil(d, at);
}

static void step_hook(decoder *d) {
  frame *f = &d->f[d->nf - 1];
  for (;;) {
    if (f->state == KEY) {
      if (lua_type(d->L, -1) == LUA_TSTRING) look_up(d);
      else if (!lua_isfunction(d->L, -1)) malformed(d, "a hook that is no function");
      else if (!d->trusted) refuse_code(d, "a __codec function");
    }
    if (f->state == VALUE) break;
    f->state = f->state == KEY ? VALUE : KEY;
    if (!push_value(d)) {
      begin(d);
      return;
    }
  }
  call_hook(d, f->ref);
  leave(d);
}

static void step_cancelled(decoder *d) {
  frame *f = &d->f[d->nf - 1];
  if (f->state == BEGIN) {
    f->state = VALUE;
    if (!push_value(d)) {
      begin(d);
      return;
    }
  }
  lua_rawgeti(d->L, LUA_REGISTRYINDEX, d->S->ref_cancelled);
  lua_setmetatable(d->L, -2);
  leave(d);
}

static void walk(decoder *d) {
  while (d->nf > 0) switch (d->f[d->nf - 1].kind) {
    case TABLE: step_table(d); break;
    case FUNCTION: step_function(d); break;
    case HOOK: step_hook(d); break;
    default: step_cancelled(d);
  }
}

/* ---- a message ------------------------------------------------------------------------- */

static int sealed(const decoder *d) {
  unsigned char mac[CODEC_SEAL], differ = 0;
  int i;
  luv__go_seal(d->start, (uint64_t)(d->end - d->start), mac);
  for (i = 0; i < CODEC_SEAL; i++) differ |= mac[i] ^ d->end[i];
  return !differ;
}

/* Reads from the end what stands behind the values, and decides about code. */
static void get_tail(decoder *d, int flags) {
  int how = d->how->flags;
  if (flags & ~(CODEC_CODE | CODEC_SEALED)) malformed(d, "unknown flags");
  if (!(flags & CODEC_CODE)) return;
  if (flags & CODEC_SEALED) {
    need(d, CODEC_SEAL);
    d->end -= CODEC_SEAL;
  }
  if (how & (LUV_CODEC_TRUSTED | LUV_CODEC_FUNCTIONS)) d->trusted = 1;
  else if (flags & CODEC_SEALED) d->trusted = sealed(d);
  if (how & LUV_CODEC_NO_FUNCTIONS) d->trusted = 0;
  need(d, 1);
  d->nkind = *--d->end;
  need(d, d->nkind);
  d->end -= d->nkind;
  d->kind = (const char *)d->end;
}

/* results = decode(decoder, hooks or nil) */
int luv__decode_protected(lua_State *L) {
  decoder *d = lua_touserdata(L, 1);
  uint64_t n;
  int i;
  d->L = L;
  d->hooks = lua_istable(L, 2) ? 2 : 0;
  d->far = lua_istable(L, 3) ? 3 : 0;
  d->over = 4;
  d->refs = 5;
  lua_settop(L, 5);
  need(d, CODEC_HEAD);
  if (*d->p++ != CODEC_VERSION) luv__codec_error(L, UV_EPROTONOSUPPORT, "the string does not begin with version %d", CODEC_VERSION);
  get_tail(d, *d->p++);
  n = get_varint(d);
  if (n > left(d)) cut_short(d);
  if (n > CODEC_VALUES || !lua_checkstack(L, (int)n + 40)) luv__codec_error(L, UV_EMSGSIZE, "%d values", (int)(n < INT32_MAX ? n : INT32_MAX));
  d->owed = (int64_t)n;
  for (i = 0; i < (int)n; i++) {
    d->owed--;
    if (push_value(d)) continue;
    begin(d);
    walk(d);
  }
  if (d->p != d->end) malformed(d, "bytes are left over");
  return (int)n;
}

static int run(decoder *d, const char *data, size_t n, const luv_decoding *how) {
  lua_State *L = d->L;
  int err;
  d->how = how;
  d->depth = how->depth;
  d->start = d->p = (const unsigned char *)data;
  d->end = d->start + n;
  lua_rawgeti(L, LUA_REGISTRYINDEX, luv__codec_of(d->S)->ref_decode);
  lua_pushlightuserdata(L, d);
  if (how->hooks) lua_pushvalue(L, how->hooks);
  else lua_pushnil(L);
  if (how->far) lua_pushvalue(L, how->far);
  else lua_pushnil(L);
  err = lua_pcall(L, 3, LUA_MULTRET, 0);
  free(d->f);
  free(d->ref);
  return err;
}

/* What this process has encoded can be decoded: a finaliser has failed meanwhile. Nothing is lost by
 * it, unless a function of the script has been called, which must not be twice. */
static int run_again(decoder *d, const char *data, size_t n, const luv_decoding *how) {
  decoder again = {.S = d->S, .L = d->L};
  int err;
  lua_pop(d->L, 1);
  lua_gc(d->L, LUA_GCSTOP, 0);
  err = run(&again, data, n, how);
  lua_gc(d->L, LUA_GCRESTART, 0);
  return err;
}

int luv__decode_with(luv_state *S, lua_State *L, const char *data, size_t n, const luv_decoding *how) {
  decoder d = {.S = S, .L = L};
  int top = lua_gettop(L), err = run(&d, data, n, how);
  if (err && how->flags & LUV_CODEC_TRUSTED && !d.hooked && luv__finalizer_failed_on(S, L)) err = run_again(&d, data, n, how);
  return err ? -1 : lua_gettop(L) - top;
}

int luv__decode(luv_state *S, lua_State *L, const char *data, size_t n, int flags) {
  luv_decoding how = {flags, CODEC_DEPTH, 0, 0};
  return luv__decode_with(S, L, data, n, &how);
}

int luv__decode_far(luv_state *S, lua_State *L, const char *data, size_t n, int far) {
  luv_decoding how = {LUV_CODEC_NO_FUNCTIONS, CODEC_FAR_DEPTH, 0, far};
  return luv__decode_with(S, L, data, n, &how);
}
