/* thread_sched.c - where and when the kernel runs a thread: its CPUs, its nice value.
 *
 * Both go by the kernel's number of the thread, which is asked for under the thread's lock, while
 * it runs: the number of one that has ended may be another's. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "thread.h"

#define MOST_CPUS 4096

typedef struct { unsigned long bits[MOST_CPUS / (8 * sizeof(long))]; } cpus;

#define WORD (8 * sizeof(long))
static int has(const cpus *set, unsigned n) { return (int)(set->bits[n / WORD] >> n % WORD & 1); }
static void include(cpus *set, unsigned n) { set->bits[n / WORD] |= 1ul << n % WORD; }

/* What is done with the number of a thread; an error of libuv's. */
typedef int (*with_number)(int number, void *ud);

static int fail(void) { return uv_translate_sys_error(errno); }

/* A host's thread may have ended, and its state gone on with another: then the number is nobody's
 * here, and may be another process's. Locked. */
static int lives(luv_thread *t, int number) {
  if (t->task.status != LUV_TASK_RUNNING || number <= 0) return 0;
  return !t->is_main || syscall(SYS_tgkill, getpid(), number, 0) == 0;
}

/* A thread that has been made tells its number at once, before anything else. */
static int ask(luv_thread *t, with_number fn, void *ud) {
  int number, err;
  while (!__atomic_load_n(&t->number, __ATOMIC_ACQUIRE)) sched_yield();
  pthread_mutex_lock(&t->task.core.lock);
  number = __atomic_load_n(&t->number, __ATOMIC_RELAXED);
  err = lives(t, number) ? fn(number, ud) : UV_ESRCH;
  pthread_mutex_unlock(&t->task.core.lock);
  return err;
}

/* The calling thread's number is known from here on, until it is said to be gone. */
void luv__thread_number(luv_thread *t, int gone) {
  if (gone) pthread_mutex_lock(&t->task.core.lock);
  __atomic_store_n(&t->number, gone ? -1 : (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
  if (gone) pthread_mutex_unlock(&t->task.core.lock);
}

static int get_cpus(int number, void *set) {
  return syscall(SYS_sched_getaffinity, number, sizeof(cpus), set) < 0 ? fail() : 0;
}

static int set_cpus(int number, void *set) {
  return syscall(SYS_sched_setaffinity, number, sizeof(cpus), set) < 0 ? fail() : 0;
}

static int get_nice(int number, void *n) {
  errno = 0;
  *(int *)n = getpriority(PRIO_PROCESS, (id_t)number);
  return errno ? fail() : 0;
}

static int set_nice(int number, void *n) {
  return setpriority(PRIO_PROCESS, (id_t)number, *(int *)n) ? fail() : 0;
}

/* ---- the faces ------------------------------------------------------------------------------ */

static luv_thread *self(luv_state *S, lua_State *L, const char *fname) {
  luv_link *k = luv__self(S, L, luv__class_thread.id, fname);
  luv_thread *t = (luv_thread *)k->core;
  if (t->is_main && t == luv__threads(S)->thread) luv__thread_number(t, 0); /* a host may have moved it here */
  return t;
}

static int whole(lua_State *L, int idx, double least, double most, int *to) {
  double n = lua_tonumber(L, idx);
  if (lua_type(L, idx) != LUA_TNUMBER || !(n >= least && n <= most) || n != floor(n)) return 0;
  *to = (int)n;
  return 1;
}

/* The list at 2. */
static void check_cpus(luv_state *S, lua_State *L, cpus *set) {
  int i, n = 0, count;
  memset(set, 0, sizeof *set);
  if (!lua_istable(L, 2)) luv__type_error(S, L, 2, 1, "affinity", "table");
  count = (int)lua_objlen(L, 2);
  if (count == 0) luv__arg_error(S, L, 1, "affinity", "one CPU at least expected");
  for (i = 1; i <= count; i++) {
    lua_rawgeti(L, 2, i);
    if (!whole(L, -1, 0, MOST_CPUS - 1, &n)) luv__arg_error(S, L, 1, "affinity", "numbers of CPUs from 0 on expected");
    include(set, (unsigned)n);
    lua_pop(L, 1);
  }
}

static int push_cpus(lua_State *L, const cpus *set) {
  unsigned i;
  int n = 0;
  lua_newtable(L);
  for (i = 0; i < MOST_CPUS; i++) {
    if (!has(set, i)) continue;
    lua_pushinteger(L, (lua_Integer)i);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/* {cpu, ...} = t:affinity(), t = t:affinity({cpu, ...}) */
int luv_thread_affinity(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_thread *t = self(S, L, "affinity");
  int reads = lua_isnoneornil(L, 2), err;
  cpus set;
  if (reads) memset(&set, 0, sizeof set);
  else check_cpus(S, L, &set);
  err = ask(t, reads ? get_cpus : set_cpus, &set);
  if (err) return luv__fail(L, err);
  if (reads) return push_cpus(L, &set);
  lua_settop(L, 1);
  return 1;
}

/* n = t:priority(), t = t:priority(n): the nice value */
int luv_thread_priority(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_thread *t = self(S, L, "priority");
  int reads = lua_isnoneornil(L, 2), n, err;
  if (!reads && lua_type(L, 2) != LUA_TNUMBER) return luv__type_error(S, L, 2, 1, "priority", "number");
  if (!reads && !whole(L, 2, -20, 19, &n)) return luv__arg_error(S, L, 1, "priority", "whole number from -20 to 19 expected");
  err = ask(t, reads ? get_nice : set_nice, &n);
  if (err) return luv__fail(L, err);
  if (reads) lua_pushinteger(L, n);
  else lua_settop(L, 1);
  return 1;
}
