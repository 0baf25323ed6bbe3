/* codec_function.c - bytecode: whose it is.
 *
 * lua5.1 and LuaJIT cannot load each other's, nor those of a machine with other numbers.
 * A message with functions says what kind they are; the bytes that bytecode begins with
 * are compared as well, so that nothing but bytecode ever gets to lua_load, not text. */
#include <stdio.h>
#include "codec_format.h"

typedef struct { char p[16]; size_t n; } beginning;

static int keep_beginning(lua_State *L, const void *p, size_t n, void *ud) {
  beginning *b = ud;
  size_t k = sizeof b->p - b->n;
  (void)L;
  if (k > n) k = n;
  memcpy(b->p + b->n, p, k);
  b->n += k;
  return 0;
}

/* "\033Lua", version, format, endianness, sizes of int, size_t, instruction, number, integral */
static void describe_lua(luv_codec_state *c, const beginning *b) {
  c->nhead = 12;
  snprintf(c->kind, sizeof c->kind, "Lua %d.%d, %s endian, %d bit, numbers of %d bytes%s", b->p[4] >> 4,
           b->p[4] & 15, b->p[6] ? "little" : "big", b->p[8] * 8, b->p[10], b->p[11] ? ", integral" : "");
}

/* "\033LJ", version, flags: 1 big endian, 2 stripped, 4 uses the FFI, 8 two-slot frames */
static void describe_jit(luv_codec_state *c, const beginning *b) {
  c->nhead = 4;
  snprintf(c->kind, sizeof c->kind, "LuaJIT 2.%d, %s endian, %d bit%s", b->p[3] - 1,
           b->p[4] & 1 ? "big" : "little", (int)sizeof(void *) * 8, b->p[4] & 8 ? ", GC64" : "");
}

/* What kind of bytecode this state makes and takes. May raise (memory). */
const char *luv__bytecode_kind(luv_state *S, lua_State *L) {
  luv_codec_state *c = luv__codec_of(S);
  beginning b = {{0}, 0};
  if (c->kind[0]) return c->kind;
  if (luaL_loadbuffer(L, "return", 6, "=luv")) lua_error(L);
  lua_dump(L, keep_beginning, &b);
  lua_pop(L, 1);
  memcpy(c->head, b.p, sizeof c->head);
  if (S->jit) describe_jit(c, &b);
  else describe_lua(c, &b);
  return c->kind;
}

/* Asked for after luv__bytecode_kind. */
int luv__bytecode_fits(luv_state *S, const char *p, size_t n) {
  const luv_codec_state *c = luv__codec_of(S);
  if (n < 16 || memcmp(p, c->head, (size_t)c->nhead) != 0) return 0;
  return !S->jit || (p[4] & 9) == (c->head[4] & 9);
}
