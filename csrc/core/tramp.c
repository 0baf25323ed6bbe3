/* tramp.c - from Lua into Go and back (DESIGN rule 2).
 *
 * The arguments are laid out flat in C memory, Go is called once with the number of its
 * function, and answers in the same form. Only after Go has returned does C push, raise
 * or yield: no Lua error crosses a Go frame. Strings among the arguments are Lua's own
 * bytes: valid for Go until it returns, since laying them out allocates nothing of Lua's, so
 * no Lua code runs meanwhile.
 *
 * Pushing the answer does: a finaliser may call into Go then. So each call has a luv_call of its
 * own, which it gives back when it is over. */
#include "luv.h"

#define MAX_DEPTH 8

/* A new value at the end; NULL when there is no memory: then the whole is worth nothing. */
luv_value *luv__values_add(luv_values *a) {
  if (a->n == a->cap) {
    int cap = a->cap ? a->cap * 2 : 16;
    luv_value *v = realloc(a->v, (size_t)cap * sizeof *v);
    if (!v) a->lost = 1;
    if (!v) return NULL;
    a->v = v;
    a->cap = cap;
  }
  memset(a->v + a->n, 0, sizeof *a->v);
  return a->v + a->n++;
}

void luv__add_number(luv_values *a, int type, double n) {
  luv_value *v = luv__values_add(a);
  if (!v) return;
  v->type = (uint32_t)type;
  v->u.number = n;
}

void luv__add_string(luv_values *a, const char *p, size_t n) {
  char *copy = malloc(n + 1);
  luv_value *v = copy ? luv__values_add(a) : NULL;
  if (!v) {
    a->lost = 1;
    free(copy);
    return;
  }
  memcpy(copy, p, n);
  copy[n] = 0;
  v->type = LUV_V_STRING;
  v->n = n;
  v->u.s = copy;
}

/* A socket address, for an operation that goes on with it. */
void luv__add_address(luv_values *a, const char *p, size_t n) {
  int count = a->n;
  luv__add_string(a, p, n);
  if (a->n > count) a->v[count].type = LUV_V_ADDRESS;
}

void luv__add_object(luv_values *a, luv_object *o, int has_environment) {
  luv_value *v = luv__values_add(a);
  if (!v && !o->box) luv__object_close(o);
  if (!v) return;
  v->type = LUV_V_OBJECT;
  v->n = has_environment != 0;
  v->u.p = o;
}

void luv__add_table(luv_values *a, size_t pairs) {
  luv_value *v = luv__values_add(a);
  if (!v) return;
  v->type = LUV_V_TABLE;
  v->n = pairs;
}

static void drop(luv_value *v) {
  luv_object *o = v->u.p;
  if (v->type == LUV_V_STRING || v->type == LUV_V_ADDRESS) free((void *)v->u.s);
  if (v->type == LUV_V_OBJECT && o && !o->box) luv__object_close(o);
}

/* Forgets the values of an answer. */
void luv__values_drop(luv_values *a) {
  while (a->n > 0) drop(&a->v[--a->n]);
  a->lost = 0;
}

void luv__values_free(luv_values *a) {
  luv__values_drop(a);
  free(a->v);
  free(a);
}

/* ---- Lua -> flat ---------------------------------------------------------------------- */

/* Nonzero: there is no memory. */
static int lay_out(luv_state *S, lua_State *L, luv_values *a, int idx, int depth);

static int lay_out_table(luv_state *S, lua_State *L, luv_values *a, int idx, int depth) {
  int at = a->n - 1, count = 0, err = 0;
  lua_pushnil(L);
  while (!err && lua_next(L, idx)) {
    int top = lua_gettop(L);
    err = lay_out(S, L, a, top - 1, depth + 1) || lay_out(S, L, a, top, depth + 1);
    lua_pop(L, 1);
    count++;
  }
  if (err) lua_pop(L, 1);
  a->v[at].n = (uint64_t)count;
  return err;
}

static void lay_out_file(luv_state *S, lua_State *L, luv_value *v, int idx) {
  int is = 0;
  if (lua_getmetatable(L, idx)) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_file); /* the name: making it anew would allocate */
    lua_rawget(L, LUA_REGISTRYINDEX);
    is = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
  }
  if (!is) return;
  v->type = LUV_V_FILE;
  v->u.p = *(void **)lua_touserdata(L, idx);
}

static void lay_out_userdata(luv_state *S, lua_State *L, luv_value *v, int idx) {
  int id = luv__class_of(S, L, idx);
  luv_box *b = lua_touserdata(L, idx);
  v->type = LUV_V_OTHER;
  v->u.s = "userdata";
  if (id < 0) {
    lay_out_file(S, L, v, idx);
    return;
  }
  v->type = LUV_V_OBJECT;
  v->class_id = (uint32_t)id;
  v->u.p = id == luv__class_fiber.id ? (void *)b : b->o;
  if (id != luv__class_fiber.id && b->o && (b->o->flags & LUV_O_CLOSING)) v->u.p = NULL;
}

static int lay_out(luv_state *S, lua_State *L, luv_values *a, int idx, int depth) {
  luv_value *v = luv__values_add(a);
  int type = lua_type(L, idx);
  size_t n;
  if (!v) return UV_ENOMEM;
  switch (type) {
    case LUA_TNIL: v->type = LUV_V_NIL; return 0;
    case LUA_TBOOLEAN:
      v->type = LUV_V_BOOLEAN;
      v->u.number = lua_toboolean(L, idx);
      return 0;
    case LUA_TNUMBER:
      v->type = LUV_V_NUMBER;
      v->u.number = lua_tonumber(L, idx);
      return 0;
    case LUA_TSTRING:
      v->type = LUV_V_STRING;
      v->u.s = lua_tolstring(L, idx, &n);
      v->n = n;
      return 0;
    case LUA_TUSERDATA: lay_out_userdata(S, L, v, idx); return 0;
    case LUA_TTABLE:
      v->type = depth < MAX_DEPTH ? LUV_V_TABLE : LUV_V_OTHER;
      if (depth < MAX_DEPTH) return lay_out_table(S, L, a, idx, depth);
      v->u.s = "table too deep";
      return 0;
    default:
      v->type = LUV_V_OTHER;
      v->u.s = lua_typename(L, type);
      return 0;
  }
}

/* ---- flat -> Lua -------------------------------------------------------------------------- */

/* Its userdata has it from here on. */
static void push_object(luv_state *S, lua_State *W, luv_value *v) {
  luv_object *o = v->u.p;
  v->u.p = NULL;
  luv__push_object(S, W, o);
}

static int push_one(luv_state *S, lua_State *W, luv_values *a, int i) {
  luv_value *v = a->v + i;
  uint64_t k;
  switch (v->type) {
    case LUV_V_BOOLEAN: lua_pushboolean(W, v->u.number != 0); break;
    case LUV_V_NUMBER: lua_pushnumber(W, v->u.number); break;
    case LUV_V_STRING: lua_pushlstring(W, v->u.s, v->n); break;
    case LUV_V_OBJECT:
      luaL_checkstack(W, 4, "luv");
      push_object(S, W, v);
      if (v->n == 0) break;
      i = push_one(S, W, a, i + 1);
      lua_setfenv(W, -2);
      return i;
    case LUV_V_TABLE:
      luaL_checkstack(W, 4, "luv");
      lua_createtable(W, 0, (int)v->n);
      i++;
      for (k = v->n; k > 0; k--) {
        i = push_one(S, W, a, i);
        i = push_one(S, W, a, i);
        lua_rawset(W, -3);
      }
      return i;
    default: lua_pushnil(W);
  }
  return i + 1;
}

int luv__values_push(luv_state *S, lua_State *W, luv_values *a) {
  int i = 0, count = 0;
  if (a->lost) return luaL_error(W, "not enough memory");
  for (; i < a->n; count++) {
    luaL_checkstack(W, 4, "too many results"); /* a table needs no more, however long */
    i = push_one(S, W, a, i);
  }
  luv__values_drop(a);
  return count;
}

/* ---- the call --------------------------------------------------------------------------------- */

static luv_call *take_call(luv_state *S) {
  luv_call *c = S->calls;
  if (c) S->calls = c->next;
  else c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->S = S;
  c->act = LUV_ACT_RETURN;
  c->timeout = LUV_NO_TIMEOUT;
  return c;
}

static void give_call(luv_call *c) {
  c->args.n = c->args.lost = 0;
  luv__values_drop(&c->ret);
  c->next = c->S->calls;
  c->S->calls = c;
}

void luv__calls_free(luv_state *S) {
  while (S->calls) {
    luv_call *c = S->calls;
    S->calls = c->next;
    free(c->args.v);
    free(c->ret.v);
    free(c);
  }
}

static int push_values(lua_State *L) {
  luv_call *c = lua_touserdata(L, 1);
  return luv__values_push(c->S, L, &c->ret);
}

void luv__trampoline_open(luv_state *S, lua_State *L) {
  lua_pushcfunction(L, push_values);
  S->ref_push = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushliteral(L, LUA_FILEHANDLE);
  S->ref_file = luaL_ref(L, LUA_REGISTRYINDEX);
}

static int is_plain(const luv_values *a) {
  int i;
  for (i = 0; i < a->n; i++)
    if (a->v[i].type > LUV_V_NUMBER) return 0;
  return !a->lost && a->n < LUA_MINSTACK;
}

/* Pushes the answer, and gives the call back, whatever happens. */
static int answer(luv_state *S, lua_State *L, luv_call *c) {
  int top = lua_gettop(L), n = c->ret.n, err;
  if (LUV_LIKELY(is_plain(&c->ret))) {
    luv__values_push(S, L, &c->ret);
    give_call(c);
    return n;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_push);
  lua_pushlightuserdata(L, c);
  err = lua_pcall(L, 1, LUA_MULTRET, 0);
  give_call(c);
  return err ? lua_error(L) : lua_gettop(L) - top;
}

static int raise_answer(luv_state *S, lua_State *L, luv_call *c) {
  if (answer(S, L, c) == 0) return luaL_error(L, "not enough memory");
  luv__where(L, L);
  lua_insert(L, -2);
  lua_concat(L, 2);
  return lua_error(L);
}

static int wait_event(luv_state *S, lua_State *L, luv_object *o, double timeout) {
  uint64_t n = o->events;
  if (n == 0) return luv__suspend(S, L, &luv__op_event, o, 0, timeout);
  o->events = 0;
  lua_pushnumber(L, (lua_Number)n);
  return 1;
}

static int wait_goop(luv_state *S, lua_State *L, luv_goop *op, double timeout) {
  if (timeout == 0) luv__go_release(op->go, 0);
  return luv__suspend(S, L, &luv__op_go, op, 0, timeout);
}

static int lay_out_all(luv_state *S, lua_State *L, luv_call *c) {
  int i, n = lua_gettop(L), err = 0;
  for (i = 1; i <= n && !err; i++) err = lay_out(S, L, &c->args, i, 0);
  return err;
}

/* Every function that is written in Go; upvalue 2 is its number. */
int luv_trampoline(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_call *c, done;
  luv__check_cancel(S, L);
  luaL_checkstack(L, 3 * MAX_DEPTH + LUA_MINSTACK, "luv");
  c = take_call(S);
  if (!c || lay_out_all(S, L, c)) {
    if (c) give_call(c);
    return luaL_error(L, "not enough memory");
  }
  c->number = (int)lua_tointeger(L, lua_upvalueindex(2));
  S->go_callbacks++;
  luv__go_call(c);
  if (c->act == LUV_ACT_RAISE) return raise_answer(S, L, c);
  if (c->act == LUV_ACT_RETURN) return answer(S, L, c);
  done = *c;
  give_call(c);
  switch (done.act) {
    case LUV_ACT_SUSPEND: return wait_goop(S, L, done.op, done.timeout);
    case LUV_ACT_EVENT: return wait_event(S, L, done.on, done.timeout);
    case LUV_ACT_CONNECT: return luv__suspend(S, L, &luv__op_connect, done.on, 0, done.timeout);
    default: lua_settop(L, 1); return 1;
  }
}

/* ---- operations that Go carries out ------------------------------------------------------------ */

luv_goop *luv__goop_new(luv_state *S, uint64_t go) {
  luv_goop *op = calloc(1, sizeof *op);
  if (op) op->answer = calloc(1, sizeof *op->answer);
  if (!op || !op->answer) {
    free(op);
    return NULL;
  }
  op->go = go;
  queue_push(&S->goops, &op->link);
  return op;
}

void luv__goop_free(luv_goop *op) {
  queue_remove(&op->link);
  if (op->answer) luv__values_free(op->answer);
  free(op);
}

void luv__goop_done(luv_state *S, luv_goop *op) {
  luv_fiber *f = op->f;
  luv_values *v = op->answer;
  if (f && !v->lost && v->n == 1 && v->v[0].type == LUV_V_ADDRESS)
    luv__classes[luv__class_of(S, f->in, 1)]->resolved(S, f, v->v[0].u.s, v->v[0].n);
  else if (f) {
    op->answer = NULL;
    f->wait.on = v;
    luv__wake(S, f, LUV_OUT_VALUES);
  }
  luv__goop_free(op);
}

const luv_face luv__trampoline_faces[2] = {{.fn = luv_trampoline}, {.fn = luv_trampoline, .waits = 1}};
