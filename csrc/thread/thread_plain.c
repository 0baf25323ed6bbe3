/* thread_plain.c - calls that need no codec: a Lua function without upvalues, scalars and
 * short strings as its arguments; scalars and short strings as its results.
 *
 * The thread's state need not open luv for them, which takes longer than all else. */
#include "thread.h"

static int write_code(lua_State *L, const void *p, size_t n, void *blob) {
  luv_blob *b = blob;
  char *grown = realloc(b->p, b->n + n);
  (void)L;
  if (!grown) return 1;
  memcpy(grown + b->n, p, n);
  b->p = grown;
  b->n += n;
  return 0;
}

static int is_plain(lua_State *L, int idx) {
  switch (lua_type(L, idx)) {
    case LUA_TNIL: case LUA_TBOOLEAN: case LUA_TNUMBER: return 1;
    case LUA_TSTRING: return lua_objlen(L, idx) <= sizeof ((luv_msg *)0)->u.s;
    default: return 0;
  }
}

static luv_msg *pack(lua_State *L, int first, int n) {
  luv_msg *v;
  int i;
  for (i = 0; i < n; i++)
    if (!is_plain(L, first + i)) return NULL;
  v = malloc(((size_t)n + 1) * sizeof *v);
  for (i = 0; v && i < n; i++) luv__msg_pack(NULL, L, first + i, &v[i]);
  return v;
}

/* Returns whether the function at `first` and the arguments behind it are of that kind. */
int luv__plain_pack(lua_State *L, luv_task *t, int first, int n) {
  if (lua_iscfunction(L, first)) return 0;
  if (lua_getupvalue(L, first, 1)) {
    lua_pop(L, 1);
    return 0;
  }
  t->args = pack(L, first + 1, n - 1);
  if (!t->args) return 0;
  t->nargs = n - 1;
  lua_pushvalue(L, first);
  if (lua_dump(L, write_code, &t->in)) {
    luv__plain_clear(t);
    luv__blob_free(&t->in);
  }
  lua_pop(L, 1);
  return t->args != NULL;
}

static int push_all(luv_state *S, lua_State *W, luv_msg *v, int n) {
  int i;
  luaL_checkstack(W, n + 4, "too many results");
  for (i = 0; i < n; i++) {
    luv_msg m = v[i]; /* pushing frees it: the original stays for others */
    luv__msg_push(S, W, &m);
  }
  return n;
}

/* Pushes function and arguments; how many, or -1 with a message. */
int luv__plain_load(lua_State *L, luv_task *t) {
  if (luaL_loadbuffer(L, t->in.p, t->in.n, "=thread")) return -1;
  return 1 + push_all(NULL, L, t->args, t->nargs);
}

/* Keeps the n results, if they are of that kind. */
int luv__plain_keep(lua_State *L, luv_task *t, int first, int n) {
  t->results = pack(L, first, n);
  t->nresults = n;
  return t->results != NULL;
}

int luv__plain_push(luv_state *S, lua_State *W, luv_task *t) { return push_all(S, W, t->results, t->nresults); }

void luv__plain_clear(luv_task *t) {
  free(t->args);
  free(t->results);
  t->args = t->results = NULL;
}
