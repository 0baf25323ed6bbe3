/* process.c - luv.process: a child's life, from its birth (process_exec.c) to its end.
 *
 * Every child is reaped, whatever becomes of its object. Closing one whose child runs, or
 * forgetting it, takes it from the script; the object stays with the state until the
 * child has ended. When the state itself goes, a thread goes on waiting for them (orphans).
 * A child is never killed but by p:kill. */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>
#include "luvprocess.h"
#include "luvsignal.h"

_Static_assert(offsetof(luv_process, h) == sizeof(luv_object), "luv__handle looks there");

/* ---- those whose loop has gone -------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pid_t *orphans;
static int norphans, room, reaping;

/* One look at all of them; returns how many still run. */
static int reap(void) {
  int i, left = 0;
  pthread_mutex_lock(&lock);
  for (i = 0; i < norphans; i++) {
    pid_t got = waitpid(orphans[i], NULL, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) orphans[left++] = orphans[i];
  }
  norphans = left;
  if (left == 0) reaping = 0;
  pthread_mutex_unlock(&lock);
  return left;
}

static void *reaper(void *unused) {
  useconds_t pause = 1000;
  while (reap()) {
    usleep(pause);
    if (pause < 200000) pause *= 2;
  }
  return unused;
}

static void start_reaper(void) {
  pthread_attr_t a;
  pthread_t t;
  sigset_t all, old;
  sigfillset(&all);
  pthread_attr_init(&a);
  pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&a, 65536);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  reaping = luv__thread_make(&t, &a, reaper, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  pthread_attr_destroy(&a);
}

static void orphan(pid_t pid) {
  pthread_mutex_lock(&lock);
  if (norphans == room) {
    pid_t *more = realloc(orphans, (size_t)(room * 2 + 16) * sizeof *more);
    if (more) orphans = more, room = room * 2 + 16;
  }
  if (norphans < room) orphans[norphans++] = pid;
  if (!reaping) start_reaper();
  pthread_mutex_unlock(&lock);
}

/* ---- the end of a child -------------------------------------------------------------------------- */

static uint64_t ending(const luv_process *p) {
  return (uint64_t)(uint32_t)p->code | (uint64_t)p->signal << 32;
}

/* Nothing of the object may be used after this. */
static void ended(luv_process *p) {
  luv_object *o = &p->o;
  p->exited = 1;
  if (o->flags & LUV_O_CLOSING && !(o->flags & LUV_O_HANDLE)) luv__object_dispose(o);
  else if (o->flags & LUV_O_CLOSING) luv__handle_close(o);
  else if (o->flags & LUV_O_GO) luv__go_event(o->slot, LUV_EV_FIRED, p->code, (void *)(uintptr_t)p->signal);
  else if (o->S && p->lost) luv__wake_all_error(o->S, &o->waiters, UV_ESRCH);
  else if (o->S) luv__wake_all(o->S, &o->waiters, LUV_OUT_OWN, ending(p));
}

/* Whether it has ended; then it is out of its state's list. */
static int has_ended(luv_process *p) {
  int status;
  pid_t got = waitpid(p->pid, &status, WNOHANG);
  if (got == 0 || (got < 0 && errno == EINTR)) return 0;
  queue_remove(&p->sibling);
  luv__vigil_end(p);
  p->lost = got < 0; /* the host has waited for it itself */
  if (!p->lost && WIFEXITED(status)) p->code = WEXITSTATUS(status);
  if (!p->lost && WIFSIGNALED(status)) p->signal = WTERMSIG(status);
  return 1;
}

int luv__child_ended(luv_process *p) {
  if (!has_ended(p)) return 0;
  ended(p);
  return 1;
}

/* SIGCHLD has come. What is told may close others: from the beginning then. */
void luv__children_reap(luv_state *S) {
  luv_queue *q = luv__processes(S)->next;
  while (q != luv__processes(S)) {
    luv_process *p = luv_container(q, luv_process, sibling);
    q = q->next;
    if (luv__child_ended(p)) q = luv__processes(S)->next;
  }
}

/* Whether an object that closes stays with its state: the child still runs. */
static int lingers(luv_object *o) {
  luv_process *p = (luv_process *)o;
  if (p->exited || !p->pid) return 0;
  if (o->S && !o->S->dead) return 1;
  if (o->S) queue_remove(&p->sibling);
  luv__vigil_end(p);
  orphan(p->pid);
  return 0;
}

/* ---- its beginning ------------------------------------------------------------------------------------ */

static luv_process *process_new(luv_state *S) {
  luv_process *p = (luv_process *)luv__object_new(S, luv__class_process.id, sizeof *p);
  if (!p) return NULL;
  p->o.uv_type = UV_PROCESS;
  p->h.data = p;
  queue_init(&p->sibling);
  return p;
}

/* In a loop without a state libuv does it all. */

static void on_exit_of(uv_process_t *h, int64_t code, int sig) {
  luv_process *p = h->data;
  p->code = (int)code;
  p->signal = sig;
  ended(p);
}

static void fill(uv_process_options_t *to, const luv_spawn_options *o, uv_stdio_container_t *stdio) {
  int i;
  memset(to, 0, sizeof *to);
  for (i = 0; i < o->nfds; i++) {
    stdio[i].flags = o->fds[i] < 0 ? UV_IGNORE : UV_INHERIT_FD;
    stdio[i].data.fd = o->fds[i];
  }
  to->exit_cb = on_exit_of;
  to->file = o->file;
  to->args = o->argv;
  to->env = o->env;
  to->cwd = o->cwd;
  to->stdio = stdio;
  to->stdio_count = o->nfds;
  to->uid = o->uid;
  to->gid = o->gid;
  to->flags = (o->detached ? UV_PROCESS_DETACHED : 0u) | (o->set_uid ? UV_PROCESS_SETUID : 0u) |
              (o->set_gid ? UV_PROCESS_SETGID : 0u);
}

static int by_libuv(uv_loop_t *loop, luv_process *p, const luv_spawn_options *o) {
  uv_process_options_t options;
  uv_stdio_container_t *stdio = calloc((size_t)o->nfds, sizeof *stdio);
  int err = UV_ENOMEM;
  if (stdio) {
    fill(&options, o, stdio);
    p->o.flags |= LUV_O_HANDLE;
    err = uv_spawn(loop, &p->h, &options);
    luv__signal_onstack(SIGCHLD);
    if (!err) p->pid = p->h.pid;
  }
  free(stdio);
  return err;
}

static int by_us(luv_state *S, luv_process *p, const luv_spawn_options *o) {
  struct luv_vigil *v = luv__vigil_new(); /* before there is a child */
  int err = v ? luv__process_exec(o, &p->pid) : UV_ENOMEM;
  if (err) {
    free(v);
    return err;
  }
  queue_push(luv__processes(S), &p->sibling);
  luv__vigil_begin(S, p, v);
  return 0;
}

luv_object *luv__process_spawn(luv_state *S, uv_loop_t *loop, const luv_spawn_options *o, int *err) {
  luv_process *p = NULL;
  *err = S ? luv__children_watch(S, luv__children_reap) : 0;
  if (!*err && !(p = process_new(S))) *err = UV_ENOMEM;
  if (p) *err = S ? by_us(S, p, o) : by_libuv(loop, p, o);
  if (p && *err) {
    p->exited = 1; /* what did not come to run has been waited for */
    luv__object_close(&p->o);
    p = NULL;
  }
  return p ? &p->o : NULL;
}

/* ---- what Lua calls ----------------------------------------------------------------------------------------- */

static luv_process *check(luv_state *S, lua_State *L, const char *fname) {
  luv_box *b = luv__tobox(L, 1, luv__class_process.id);
  if (!b) luv__type_error(S, L, 1, 0, fname, "luv.process");
  return b->o && !(b->o->flags & LUV_O_CLOSING) ? (luv_process *)b->o : NULL;
}

static int push_exit(lua_State *W, uint64_t how) {
  lua_pushnumber(W, (lua_Number)(uint32_t)how);
  lua_pushnumber(W, (lua_Number)(how >> 32));
  return 2;
}

static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  (void)S, (void)L;
  return push_exit(W, f->wait.arg);
}

static const luv_op wait_op = {.name = "process", .flags = LUV_OP_EXTERNAL | LUV_OP_AGAIN, .begin = luv__begin_object,
                               .deliver = deliver};

/* code, signal = p:wait([timeout]) */
int luv_process_wait(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_process *p = check(S, L, "wait");
  double timeout = luv__opt_timeout(S, L, 2, 1, "wait");
  luv__check_cancel(S, L);
  if (!p) return luv__fail(L, UV_EBADF);
  if (timeout == 0 && !p->exited) luv__child_ended(p);
  if (p->exited && p->lost) return luv__fail(L, UV_ESRCH);
  if (p->exited) return push_exit(L, ending(p));
  return luv__suspend(S, L, &wait_op, p, 0, timeout);
}

/* Pushes the table of pipes: it is in the environment of the process at 1, which a script with
 * the debug library can change. */
static int push_pipes(lua_State *L) {
  lua_getfenv(L, 1);
  lua_pushliteral(L, "stdio");
  lua_rawget(L, -2);
  return lua_istable(L, -1);
}

/* p = p:close(): with the pipes that spawn has made for it */
int luv_process_close(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_process *p = check(S, L, "close");
  lua_settop(L, 1);
  if (!p) return 1;
  if (push_pipes(L)) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      luv_box *pipe = luv__anybox(L, -1);
      if (pipe && pipe->o) luv__object_close(pipe->o);
      lua_pop(L, 1);
    }
  }
  p = check(S, L, "close"); /* a finaliser may have been there first */
  if (p) luv__object_close(&p->o);
  lua_settop(L, 1);
  return 1;
}

/* The number of the descriptor that has the name, -1 for none. */
static int standard(const char *key) {
  static const char *const names[] = {"stdin", "stdout", "stderr"};
  int i;
  for (i = 0; key && i < 3; i++)
    if (strcmp(key, names[i]) == 0) return i;
  return -1;
}

/* p.pid, p.stdin ..., and the methods (upvalue 2) */
static int index_process(lua_State *L) {
  int n;
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(2));
  if (!lua_isnil(L, -1) || !luv__tobox(L, 1, luv__class_process.id)) return 1;
  n = lua_type(L, 2) == LUA_TSTRING ? standard(lua_tostring(L, 2)) : -1;
  if (n >= 0) {
    if (push_pipes(L)) lua_rawgeti(L, -1, n);
    else lua_pushnil(L);
    return 1;
  }
  if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "pty") == 0) {
    if (!push_pipes(L)) return 0;
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    return 1;
  }
  lua_getfenv(L, 1);
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  return 1;
}

static void index_of(luv_state *S, lua_State *L) { luv__index_by(S, L, index_process); }

luv_class luv__class_process = {.name = "luv.process", .lingers = lingers, .index = index_of};
