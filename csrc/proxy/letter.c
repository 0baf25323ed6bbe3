/* letter.c - values on their way: arguments and results.
 *
 * Scalars, strings and proxies stand one after another; if there is anything else among them all of them
 * go through the codec. An object that goes home is named by its place there: the owner need not look at
 * what counts references, which other CPUs are writing. */
#include "proxy.h"

enum { V_NIL, V_FALSE, V_TRUE, V_NUMBER, V_STRING, V_HOME, V_AWAY, V_CODED, V_PROMISE };

void luv__letter_init(luv_letter *l) {
  memset(l, 0, offsetof(luv_letter, few));
  l->p = l->room;
  l->cap = sizeof l->room;
  l->held = l->few;
  l->cap_held = sizeof l->few / sizeof *l->few;
}

void luv__letter_clear(luv_letter *l) {
  uint32_t i;
  while (l->blobs) {
    luv_blobs *b = l->blobs;
    l->blobs = b->next;
    luv__blob_free(&b->blob);
    free(b);
  }
  for (i = 0; i < l->nheld; i++) luv__ref_drop(l->held[i]);
  if (l->held != l->few) free(l->held);
  if (l->p != l->room) free(l->p);
  if (l->coded) luv__blob_free(&l->blob);
  luv__letter_init(l);
}

/* ---- writing ----------------------------------------------------------------------------- */

static __attribute__((noinline)) int grow(luv_letter *l, size_t n) {
  size_t cap = (l->size + n) * 2;
  char *p = l->p == l->room ? malloc(cap) : realloc(l->p, cap);
  if (!p) return 0;
  if (l->p == l->room) memcpy(p, l->room, l->size);
  l->p = p;
  l->cap = cap;
  return 1;
}

/* Where n more bytes go; NULL: no memory. */
static inline char *room(luv_letter *l, size_t n) {
  char *p;
  if (LUV_UNLIKELY(l->cap - l->size < n) && !grow(l, n)) return NULL;
  p = l->p + l->size;
  l->size += n;
  return p;
}

static int put(luv_letter *l, int tag, const void *data, size_t n) {
  char *p = room(l, n + 1);
  if (!p) return 0;
  *p = (char)tag;
  if (n) memcpy(p + 1, data, n);
  return 1;
}

static int put_string(luv_letter *l, const char *s, size_t n) {
  char *p = room(l, n + 1 + sizeof n);
  if (!p) return 0;
  *p = V_STRING;
  memcpy(p + 1, &n, sizeof n);
  memcpy(p + 1 + sizeof n, s, n);
  return 1;
}

static int more_held(luv_letter *l) {
  uint32_t cap = l->cap_held * 2;
  luv_ref **v = l->held == l->few ? malloc(cap * sizeof *v) : realloc(l->held, cap * sizeof *v);
  if (!v) return 0;
  if (l->held == l->few) memcpy(v, l->few, sizeof l->few);
  l->held = v;
  l->cap_held = cap;
  return 1;
}

/* Takes over the reference to r. */
static int put_ref(luv_letter *l, luv_ref *r, luv_port *to) {
  if (l->nheld == l->cap_held && !more_held(l)) {
    luv__ref_drop(r);
    return 0;
  }
  l->held[l->nheld++] = r;
  if (r->owner == to) return put(l, V_HOME, &r->at, sizeof r->at);
  return put(l, V_AWAY, &r, sizeof r);
}

static int put_proxy(lua_State *L, int idx, luv_port *to, luv_letter *l) {
  luv_proxy *p = luv__toproxy(L, idx);
  if (!p || !p->ref) return 0;
  luv__ref_take(p->ref);
  return put_ref(l, p->ref, to);
}

/* 0: it is not one of these, or there is no memory, which the codec will say then. */
static int put_plain(luv_state *S, lua_State *L, int idx, int how, luv_port *to, luv_letter *l) {
  size_t n;
  const char *s;
  lua_Number x;
  switch (lua_type(L, idx)) {
    case LUA_TNIL: return put(l, V_NIL, NULL, 0);
    case LUA_TBOOLEAN: return put(l, lua_toboolean(L, idx) ? V_TRUE : V_FALSE, NULL, 0);
    case LUA_TNUMBER:
      x = lua_tonumber(L, idx);
      return put(l, V_NUMBER, &x, sizeof x);
    case LUA_TSTRING:
      s = lua_tolstring(L, idx, &n);
      return put_string(l, s, n);
    case LUA_TUSERDATA: return put_proxy(L, idx, to, l);
    case LUA_TFUNCTION: return how & LUV_LETTER_FUNCTIONS ? put_ref(l, luv__ref_of(S, L, idx), to) : 0;
    default: return 0;
  }
}

#define CODED (LUV_CODEC_TRUSTED | LUV_CODEC_STAYS)

/* One more value: what is not plain goes through the codec by itself. */
int luv__letter_add(luv_state *S, lua_State *L, int idx, int how, luv_port *to, luv_letter *l) {
  luv_blobs *b;
  if (put_plain(S, L, idx, how, to, l)) return 0;
  b = calloc(1, sizeof *b);
  if (!b || luv__encode(S, L, idx, 1, CODED, &b->blob)) {
    if (!b) lua_pushliteral(L, "not enough memory");
    free(b);
    return -1;
  }
  b->next = l->blobs;
  l->blobs = b;
  if (put(l, V_CODED, &b, sizeof b)) return 0;
  lua_pushliteral(L, "not enough memory");
  return -1;
}

int luv__letter_add_byte(luv_letter *l, int byte) { return put(l, byte, NULL, 0); }
int luv__letter_add_count(luv_letter *l, uint32_t n) {
  char *p = room(l, sizeof n);
  if (p) memcpy(p, &n, sizeof n);
  return p != NULL;
}
int luv__letter_add_promise(luv_letter *l, uint32_t n) { return put(l, V_PROMISE, &n, sizeof n); }

int luv__letter_pack(luv_state *S, lua_State *L, int first, int n, int how, luv_port *to, luv_letter *l) {
  int i, flags = CODED;
  for (i = 0; i < n; i++)
    if (!put_plain(S, L, first + i, how, to, l)) break;
  l->n = (uint32_t)n;
  if (LUV_LIKELY(i == n)) return 0;
  luv__letter_clear(l);
  if (how & LUV_LETTER_COPY) flags |= LUV_CODEC_COPY;
  luaL_checkstack(L, 10, "luv");
  if (luv__encode(S, L, first, n, flags, &l->blob)) return -1;
  l->coded = 1;
  l->n = (uint32_t)n;
  return 0;
}

/* A short text alone: it needs no memory. */
void luv__letter_text(luv_letter *l, const char *text) {
  luv__letter_clear(l);
  put_string(l, text, strlen(text));
  l->n = 1;
}

/* ---- reading ----------------------------------------------------------------------------- */

#define GET(to, p) (memcpy(&(to), p, sizeof (to)), (p) += sizeof (to))

static int decode_one(luv_state *S, lua_State *W, const luv_blobs *b) {
  int n = luv__decode(S, W, b->blob.p, b->blob.n, LUV_CODEC_TRUSTED);
  return n < 0 ? lua_error(W) : n;
}

/* Pushes the value at p; returns where the next one is. */
static const char *push_one(luv_state *S, lua_State *W, const char *p) {
  luv_blobs *b;
  lua_Number x;
  luv_ref *r;
  uint32_t at;
  size_t n;
  switch (*p++) {
    case V_NUMBER: GET(x, p); lua_pushnumber(W, x); break;
    case V_STRING:
      GET(n, p);
      lua_pushlstring(W, p, n);
      p += n;
      break;
    case V_HOME: GET(at, p); luv__ref_push_home(S, W, at); break;
    case V_AWAY: GET(r, p); luv__ref_push(S, W, r); break;
    case V_CODED: GET(b, p); decode_one(S, W, b); break;
    case V_FALSE: lua_pushboolean(W, 0); break;
    case V_TRUE: lua_pushboolean(W, 1); break;
    default: lua_pushnil(W);
  }
  return p;
}

/* The same with promises, whose values the table at `results` has. */
const char *luv__letter_next(luv_state *S, lua_State *W, const char *p, int results) {
  uint32_t n;
  if (*p != V_PROMISE) return push_one(S, W, p);
  p++;
  GET(n, p);
  lua_rawgeti(W, results, (int)n);
  return p;
}

int luv__letter_push(luv_state *S, lua_State *W, luv_letter *l) {
  const char *p = l->p;
  uint32_t i;
  luaL_checkstack(W, (int)l->n + 10, "too many values");
  if (l->coded) return luv__decode(S, W, l->blob.p, l->blob.n, LUV_CODEC_TRUSTED);
  for (i = 0; i < l->n; i++) p = push_one(S, W, p);
  return (int)l->n;
}

#define MOVED 8

int luv__letter_move(lua_State *to, const luv_letter *l) {
  const char *p = l->p;
  uint32_t i;
  if (l->coded || l->n == 0 || l->n > MOVED) return 0;
  for (i = 0; i < l->n; i++) {
    if (*p >= V_STRING) return 0;
    p += *p == V_NUMBER ? 1 + sizeof(lua_Number) : 1;
  }
  for (i = 0, p = l->p; i < l->n; i++) p = push_one(NULL, to, p);
  return (int)l->n;
}
