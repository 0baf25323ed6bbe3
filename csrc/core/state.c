/* state.c - what luv keeps per Lua state: made by luaopen_luv, in a userdata of the
 * registry, so that it outlives every other finaliser of the state; closed by its __gc.
 *
 * The module may be required from a coroutine, in several states of one process, and
 * again after lua_close. So nothing here is global but the flag for a forked child. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include "luv.h"

int luv__forked;
static int exit_failed;
static const char key = 0;

luv_state *luv__state(lua_State *L) {
  luv_state *S;
  lua_pushlightuserdata(L, (void *)&key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  S = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return S;
}

typedef struct { lua_CFunction fn; void *ud; } job;

static int perform(lua_State *M) {
  job *j = lua_touserdata(M, 1);
  lua_settop(M, 0);
  lua_pushlightuserdata(M, j->ud);
  j->fn(M);
  return 0;
}

/* lua_cpcall makes a function each time. */
int luv__protect(luv_state *S, lua_CFunction fn, void *ud) {
  job j = {fn, ud};
  lua_rawgeti(S->M, LUA_REGISTRYINDEX, S->ref_protect);
  lua_pushlightuserdata(S->M, &j);
  return lua_pcall(S->M, 1, 0, 0);
}

int luv__protect_still(luv_state *S, lua_CFunction fn, void *ud) {
  int looking = S->looking, rc;
  S->looking = LUV_SERVING;
  rc = luv__protect(S, fn, ud);
  S->looking = looking;
  return rc;
}

int luv__out_of_memory(lua_State *M) {
  return lua_type(M, -1) == LUA_TSTRING && strncmp(lua_tostring(M, -1), "not enough memory", 17) == 0;
}

/* Pops the error on M, and tells it as a fiber's is. */
void luv__error_told(luv_state *S) {
  lua_State *M = S->M;
  if (lua_type(M, -1) != LUA_TSTRING) fprintf(stderr, "luv: a finalizer failed with a %s value\n", luaL_typename(M, -1));
  else if (luv__out_of_memory(M)) fprintf(stderr, "luv: %s\n", lua_tostring(M, -1));
  else fprintf(stderr, "luv: a finalizer failed: %s\n", lua_tostring(M, -1));
  lua_pop(M, 1);
}

/* Pops the error on M. Whether it was a finaliser's: then it is told. */
int luv__finalizer_failed(luv_state *S) {
  if (luv__out_of_memory(S->M)) return lua_pop(S->M, 1), 0;
  luv__error_told(S);
  return 1;
}

int luv__finalizer_failed_on(luv_state *S, lua_State *L) {
  lua_pushvalue(L, -1);
  if (L != S->M) lua_xmove(L, S->M, 1);
  return luv__finalizer_failed(S);
}

int luv__protect_made(luv_state *S, lua_CFunction fn, void *ud) {
  int err;
  if (luv__protect(S, fn, ud) == 0) return 0;
  if (!luv__finalizer_failed(S)) return 1;
  lua_gc(S->M, LUA_GCSTOP, 0);
  err = luv__protect(S, fn, ud);
  lua_gc(S->M, LUA_GCRESTART, 0);
  if (err) lua_pop(S->M, 1);
  return err != 0;
}

/* ---- opening ------------------------------------------------------------------------- */

static int init(luv_state *S, lua_State *L) {
  queue_init(&S->asleep);
  queue_init(&S->objects);
  queue_init(&S->unread);
  queue_init(&S->goops);
  if (getenv("LUV_DEBUG") && strstr(getenv("LUV_DEBUG"), "leaks")) S->trace_handles = 1;
  S->now = uv_hrtime();
  S->jit = luaJIT_setmode != NULL;
  S->stacks.size = LUV_STACK_SIZE;
  S->main.state = S;
  S->main.is_main = 1;
  S->main.in = S->main.base = L;
  queue_init(&S->main.wait.node);
  queue_init(&S->main.joiners);
  S->arena = malloc(LUV_ARENA);
  S->alarm = malloc(sizeof *S->alarm);
  S->wakeup = malloc(sizeof *S->wakeup);
  if (uv_available_parallelism() > 1) S->spin = 25000;
  return !S->arena || !S->alarm || !S->wakeup || luv__ready_reserve(S, 0);
}

static void ref_values(luv_state *S, lua_State *L) {
  S->M = lua_newthread(L);
  luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushthread(L);
  S->home = L;
  S->ref_home = luaL_ref(L, LUA_REGISTRYINDEX);
  luaL_unref(L, LUA_REGISTRYINDEX, (lua_pushboolean(L, 1), luaL_ref(L, LUA_REGISTRYINDEX)));
  lua_pushcfunction(L, perform);
  S->ref_protect = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  S->ref_anchors = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  S->ref_env = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushboolean(L, 0);
  S->ref_spare = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushboolean(L, 0);
  S->ref_kept = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushlightuserdata(L, S);
  S->ref_kept_error = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushboolean(L, 0);
  S->ref_on_error = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_getglobal(L, "debug");
  if (lua_istable(L, -1)) lua_getfield(L, -1, "traceback");
  else lua_pushboolean(L, 0);
  S->ref_traceback = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pop(L, 1);
}

/* The metatable of cancellations, and the one value that unwinds a luv.timeout. */
static void ref_errors(luv_state *S, lua_State *L) {
  lua_newtable(L);
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, luv_cancelled_tostring, 1);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "luv.cancelled");
  lua_setfield(L, -2, "__name");
  lua_newtable(L);
  lua_pushliteral(L, "timeout");
  lua_setfield(L, -2, "reason");
  lua_pushvalue(L, -2);
  lua_setmetatable(L, -2);
  S->ref_expired = luaL_ref(L, LUA_REGISTRYINDEX);
  S->ref_cancelled = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void no_loop(lua_State *L, int err) {
  char text[128];
  luv__errno_text(err, text, sizeof text);
  luaL_error(L, "luv: no event loop: %s", text);
}

static void open_loop(luv_state *S, lua_State *L) {
  int err = luv__go_open(S);
  if (err) no_loop(L, err);
  S->loop->data = S;
  uv_timer_init(S->loop, S->alarm);
  S->alarm->data = S;
  S->opened = 1;
  err = luv__wakeup_open(S);
  if (err == 0) return;
  free(S->wakeup);
  S->wakeup = NULL;
  no_loop(L, err);
}

/* ---- closing --------------------------------------------------------------------------- */

static int has_arg(lua_State *L) {
  int is;
  lua_getglobal(L, "arg");
  is = lua_istable(L, -1);
  lua_pop(L, 1);
  return is;
}

static void close_objects(luv_state *S) {
  while (!queue_empty(&S->objects)) {
    luv_queue *q = S->objects.next;
    luv_object *o = luv_container(q, luv_object, link);
    queue_remove(q); /* the close callback may be long in coming */
    if (o->box) o->box->o = NULL;
    o->box = NULL;
    luv__object_close(o);
  }
}

static void forget_goops(luv_state *S) {
  while (!queue_empty(&S->goops)) {
    luv_goop *op = luv_container(S->goops.next, luv_goop, link);
    luv__go_release(op->go, 1);
    luv__goop_free(op);
  }
}

void luv__refuse(lua_State *L) {
  lua_pushstring(L, luv__forked ? "luv: used after fork" : "luv: used while the state closes");
  lua_error(L);
}

static void close_loop(luv_state *S) {
  LUV_EACH_ROOM(closing, S);
  close_objects(S);
  forget_goops(S);
  LUV_EACH_ROOM(closed, S);
  uv_close((uv_handle_t *)S->alarm, luv__handle_free);
  if (S->wakeup) luv__wakeup_close(S);
  luv__go_close(S->host);
}

static int rooms_end(luv_state *S) {
  luv_room *r;
  int failed = 0;
  for (r = luv__rooms; r; r = r->next)
    if (r->ends) failed |= r->ends(S);
  return failed;
}

/* Closes all that is open, lets libuv finish, ends the loop. There is none in a state
 * whose opening failed half-way. */
void luv__close_state(luv_state *S, lua_State *L) {
  if (rooms_end(S) && has_arg(L)) exit_failed = 1;
  luv__states_remove(S);
  S->dead = 1;
  S->ending = 0;
  LUV_EACH_ROOM(left, S);
  if (S->untaken > 0 && has_arg(L)) exit_failed = 1;
  if (S->opened) close_loop(S);
  else free(S->alarm), free(S->wakeup);
  LUV_EACH_ROOM(freed, S);
  free(S->arena);
  free(S->heap.v);
  free(S->ready.v);
  free(S->free_slots);
  luv__calls_free(S);
  luv__check_alloc_close(S, L);
  memset(&S->heap, 0, sizeof S->heap);
  if (!luv__host || luv__host->S != S) luv__stacks_free(&S->stacks);
}

typedef struct { luv_state *S; lua_State *L; } closing;

static void close_here(void *p) {
  closing *c = p;
  luv__close_state(c->S, c->L);
}

/* lua_close has begun, and S runs on. What collects meanwhile calls all the finalisers that are due: those of
 * luv do nothing, and its own end comes when this is over. */
void luv__linger(luv_state *S) { S->lingers = LUV_LINGERS; }

void luv__linger_no_more(luv_state *S, lua_State *L) {
  closing c = {S, L};
  int asked = S->lingers == LUV_LINGERS_ASKED;
  S->lingers = 0;
  if (asked) luv__on_host(close_here, &c);
}

static int is_face(luv_state *S, lua_State *L, lua_Debug *ar) {
  int is = lua_getinfo(L, "f", ar) && lua_iscfunction(L, -1) && lua_getupvalue(L, -1, 1);
  if (is) is = lua_touserdata(L, -1) == S;
  lua_settop(L, 1);
  return is;
}

/* As a state ends, Lua 5.1 may collect in the midst of what a finaliser calls: a function of luv's is
 * still at work below, then. */
static int is_at_work(luv_state *S, lua_State *L) {
  lua_Debug ar;
  int level, face = 0;
  if (!lua_checkstack(L, 6)) return 0;
  for (level = 1; lua_getstack(L, level, &ar); level++) {
    if (face && luv__vm_finalizes(L, level)) return 1;
    face |= is_face(S, L, &ar);
  }
  return 0;
}

/* Nobody finds S any more. What it has is left as it is, for that function to find; its threads are
 * waited for as ever. */
static void abandon_state(luv_state *S, lua_State *L) {
  if (rooms_end(S) && has_arg(L)) exit_failed = 1;
  luv__states_remove(S);
  S->dead = 1;
  LUV_EACH_ROOM(left, S);
}

/* __gc of the state. On LuaJIT a fiber may close it (os.exit(0, true)): its loop still stands
 * then, and is never gone on with. On Lua 5.1 a C finaliser of somebody's may be waiting, in
 * place, while the state closes: its loop is ended first. */
static int state_gc(lua_State *L) {
  closing c = {lua_touserdata(L, 1), L};
  luv_state *S = c.S;
  if (S->dead || luv__forked) return 0;
  if (S->lingers) S->lingers = LUV_LINGERS_ASKED;
  else if (S->depth == 0 && is_at_work(S, L)) abandon_state(S, L);
  else if (S->depth == 0 || S->jit) luv__on_host(close_here, &c);
  else {
    S->ending = 1;
    if (S->main.status != LUV_WAITING) return 0;
    luv__abandon(S, &S->main, LUV_OUT_RAISE);
    S->main.wait.on = (void *)"luv: used while the state closes";
  }
  return 0;
}

/* A stand-alone interpreter that ended well, but for a fiber's error: exit code 1. */
static void on_process_exit(int status, void *unused) {
  (void)unused;
  luv__exits_with(exit_failed && status == 0 && !luv__forked ? 1 : status);
  if (!luv__forked) LUV_EACH_ROOM(exit, status);
  if (!luv__forked) luv__pool_exit(exit_failed && status == 0 ? 1 : status);
  if (!exit_failed || status != 0 || luv__forked) return;
  fflush(NULL);
  _exit(1);
}

static void on_fork(void) {
  luv__forked = 1;
  luv__running = NULL;
  LUV_EACH_ROOM(forked);
}

static void once(void) {
  pthread_atfork(NULL, NULL, on_fork);
  on_exit(on_process_exit, NULL);
}

static int rooms_begin(luv_state *S) {
  luv_room *r;
  int lacking = 0;
  for (r = luv__rooms; r; r = r->next)
    if (r->begin) lacking |= r->begin(S);
  return lacking;
}

/* The state's own memory, and its rooms'. Its finaliser finds it begun, whatever is lacking. */
static luv_state *make(lua_State *L) {
  size_t size = LUV_STATE_SIZE + luv__rooms_size;
  luv_state *S;
  int lacking;
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, state_gc);
  lua_setfield(L, -2, "__gc");
  S = lua_newuserdata(L, size);
  memset(S, 0, size);
  lacking = rooms_begin(S) | init(S, L);
  lua_insert(L, -2);
  lua_setmetatable(L, -2);
  if (lacking) luaL_error(L, "not enough memory");
  lua_pushlightuserdata(L, (void *)&key);
  lua_insert(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return S;
}

/* Leaves luv on L. */
static void build(luv_state *S, lua_State *L) {
  S->lazy = S->owned;
  luv__given.namer->begin(S, L);
  luv__build(S, L);
  luv__given.namer->end(S, L);
}

static void new_state(lua_State *L) {
  static pthread_once_t done = PTHREAD_ONCE_INIT;
  luv_state *S;
  pthread_once(&done, once);
  S = make(L);
  luv__check_alloc_open(S, L);
  luv__vm_open(L);
  luv__overflow_watch();
  ref_values(S, L);
  open_loop(S, L);
  luv__deliver_open(S, L);
  luv__outcome_open(S, L);
  luv__trampoline_open(S, L);
  luv__glue_open(S, L);
  ref_errors(S, L);
  build(S, L);
  LUV_EACH_ROOM(open, S, L);
  luv__states_add(S);
  LUV_EACH_ROOM(opened, S);
  lua_pushvalue(L, -1);
  S->ref_module = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* The one symbol that luv.so exports. */
__attribute__((visibility("default"))) int luaopen_luv(lua_State *L) {
  const char *lack = luv__runtime_lacks();
  luv_state *S;
  if (lack) return luaL_error(L, "luv: not enough %s", lack);
  if (luv__forked) return luaL_error(L, "luv: used after fork");
  S = luv__state(L);
  if (S && S->ref_module) lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_module);
  else new_state(L);
  return 1;
}
