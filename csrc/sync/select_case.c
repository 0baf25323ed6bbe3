/* select_case.c - the cases of a luv.select, as a script passes them: what can be selected, and how its
 * wait is laid out. */
#include "select.h"

static int bad_case(luv_state *S, lua_State *L, int i, const char *what) {
  char text[160];
  snprintf(text, sizeof text, "case %d: %s", i, what);
  return luv__arg_error(S, L, 1, "select", text);
}

/* The method of a case that names none: what waits for that kind of object. */
static const char *default_method(lua_State *L, int obj) {
  static const char *const names[] = {"next", "join", "wait", "recv", "accept", "get"};
  size_t i;
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    lua_getfield(L, obj, names[i]);
    if (!lua_isnil(L, -1)) return names[i];
    lua_pop(L, 1);
  }
  return NULL;
}

/* What has an effect before it is done cannot be a loser: the methods that take back what they
 * have begun, in this module or in any other that uses the names. */
static int takes_back(const char *m, int class_id) {
  static const char *const names[] = {"next", "wait", "join", "recv", "accept", "get", "put", "lock",
    "acquire", "read", "read_exactly", "read_line", "read_until", "read_all", "recv_multipart", NULL};
  int i;
  for (i = 0; names[i]; i++)
    if (strcmp(m, names[i]) == 0) return 1;
  return luv__classes[class_id]->flags & LUV_CLASS_SENDS && strcmp(m, "send") == 0;
}

/* Pushes the method of the object at `obj`, whose name is above it. */
static void push_method(luv_state *S, lua_State *L, int i, int obj) {
  const char *name = lua_type(L, obj + 1) == LUA_TSTRING ? lua_tostring(L, obj + 1) : NULL;
  int class_id = luv__class_of(S, L, obj);
  if (class_id < 0) bad_case(S, L, i, "it has to begin with an object of luv's");
  if (lua_isnil(L, obj + 1)) {
    if (!default_method(L, obj)) bad_case(S, L, i, "which method?");
  } else if (!name) bad_case(S, L, i, "the name of a method expected");
  else lua_getfield(L, obj, name);
  if (!lua_isfunction(L, -1)) bad_case(S, L, i, "the object has no such method");
  if (name && !takes_back(name, class_id))
    bad_case(S, L, i, "this method cannot be selected: it does not wait, or does not take back what it has begun");
}

/* Lays the call of a method out on T. */
static void lay_out_call(luv_state *S, lua_State *L, luv_case *c, lua_State *T, int t) {
  int j, extra, method, top = lua_gettop(L), n = (int)lua_objlen(L, t);
  push_method(S, L, c->index + 1, t + 1);
  method = lua_gettop(L);
  luaL_checkstack(L, n + 4, "too many arguments");
  extra = luv__push_body(S, L, method);
  lua_pushvalue(L, method);
  lua_pushvalue(L, t + 1);
  for (j = 3; j <= n; j++) lua_rawgeti(L, t, j);
  n = n > 2 ? n - 2 : 0;
  if (!lua_checkstack(T, n + extra + LUA_MINSTACK)) luaL_error(L, "too many arguments");
  lua_xmove(L, T, n + extra + 2);
  c->nargs = n + extra + 1;
  lua_settop(L, top);
}

/* A channel needs no call: its wait is filled in. */
static void lay_out_channel(luv_state *S, lua_State *L, luv_case *c, lua_State *T, int t, luv_box *b) {
  const char *m = lua_tostring(L, t + 2);
  int put = m && strcmp(m, "put") == 0;
  double timeout;
  lua_rawgeti(L, t, put ? 4 : 3);
  timeout = luv__opt_timeout(S, L, -1, put ? 2 : 1, put ? "put" : "get");
  lua_pop(L, 1);
  lua_pushvalue(L, t + 1);
  lua_rawgeti(L, t, 3);
  lua_xmove(L, T, 2);
  c->nargs = -1;
  c->f.wait.op = put ? &luv__op_put : &luv__op_get;
  c->f.wait.on = b->o;
  if (timeout >= 0) c->f.wait.due.at = luv__due_in(S, timeout);
}

static void init_case(luv_state *S, luv_choice *s, int i, lua_State *T) {
  luv_case *c = &s->v[i];
  c->sel = s;
  c->index = i;
  c->f.state = S;
  c->f.base = c->f.in = T;
  c->f.is_main = LUV_IS_CASE;
  c->f.status = LUV_READY;
  c->f.wait.op = &luv__op_none;
  queue_init(&c->f.wait.node);
  queue_init(&c->f.joiners);
}

int luv__select_case(luv_state *S, lua_State *L, int i) {
  lua_rawgeti(L, LUV_AT_CASES, i);
  if (!lua_istable(L, -1)) bad_case(S, L, i, "a table expected");
  lua_rawgeti(L, -1, 1);
  lua_rawgeti(L, -2, 2);
  return lua_gettop(L) - 2;
}

int luv__is_channel_case(lua_State *L, int t, luv_box **b) {
  const char *m = lua_type(L, t + 2) == LUA_TSTRING ? lua_tostring(L, t + 2) : NULL;
  *b = luv__tobox(L, t + 1, luv__class_chan.id);
  return *b && (*b)->o && ((!m && lua_isnil(L, t + 2)) ||
         (m && (strcmp(m, "get") == 0 || strcmp(m, "put") == 0)));
}

luv_choice *luv__select_prepare(luv_state *S, lua_State *L, int n) {
  size_t size = sizeof(luv_choice) + (size_t)n * sizeof(luv_case);
  luv_choice *s = lua_newuserdata(L, size);
  int i;
  memset(s, 0, size);
  s->n = n;
  s->winner = -1;
  s->parent = luv__me(S);
  lua_createtable(L, n, 0);
  for (i = 0; i < n; i++) {
    int t = luv__select_case(S, L, i + 1);
    luv_box *b;
    lua_State *T = lua_newthread(L);
    lua_rawseti(L, LUV_AT_THREADS, i + 1);
    init_case(S, s, i, T);
    if (luv__is_channel_case(L, t, &b)) lay_out_channel(S, L, &s->v[i], T, t, b);
    else lay_out_call(S, L, &s->v[i], T, t);
    lua_settop(L, LUV_AT_THREADS);
  }
  return s;
}
