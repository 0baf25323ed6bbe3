/* dump.c - luv.dump: who does what, and who waits for what.
 *
 * Each thread writes of its own fibers only. luv.dump(path, "all") asks the other states
 * (ask.c) and waits a moment without suspending, so it can be called anywhere; meanwhile it
 * answers those who ask it. Who has not answered by then computes, or is in a C function. */
#define _GNU_SOURCE
#include <errno.h>
#include <time.h>
#include "dump.h"
#include "pipe.h"
#include "quiet.h"
#include "thread.h"

#define MAX_SHOWN 100000
#define PATIENCE 250 /* ms that luv.dump waits for other threads */

static void write_waiting(luv_state *S, luv_fiber *f, FILE *out) {
  if (f->status != LUV_WAITING) return;
  fprintf(out, " for %.3f s, for ", (double)(uv_hrtime() - f->wait.since) / 1e9);
  luv__write_wait(S, f, out);
}

/* ---- one fiber, one thread --------------------------------------------------------------- */

static const char *state_of(luv_state *S, luv_fiber *f) {
  static const char *const names[] = {"new", "ready", "waiting", "dead"};
  return f == luv_current(S) ? "running" : names[f->status];
}

/* The traceback on top of W. */
static void write_trace(lua_State *W, FILE *out) {
  const char *text = lua_tostring(W, -1);
  fprintf(out, "%s\n\n", text ? text : "");
  lua_pop(W, 1);
}

/* The fiber whose userdata is on top of W. */
static void write_fiber(luv_state *S, lua_State *W, luv_fiber *f, FILE *out) {
  const char *name = luv__fiber_push_name(S, W, lua_gettop(W), f);
  fprintf(out, "fiber %u", f->id);
  if (name) fprintf(out, " '%s'", name);
  if (name) lua_pop(W, 1);
  fprintf(out, ", %.3f s old: %s", (double)(uv_hrtime() - f->born) / 1e9, state_of(S, f));
  write_waiting(S, f, out);
  luv__traceback(S, f, W, NULL);
  write_trace(W, out);
}

static void write_main(luv_state *S, lua_State *W, FILE *out) {
  int waits = S->main.status == LUV_WAITING;
  fputs(waits ? "main chunk: waiting" : "main chunk: running", out);
  write_waiting(S, &S->main, out);
  fputs("\nstack traceback:", out);
  luv__traceback_of(S, waits ? S->main.in : S->home, W);
  write_trace(W, out);
}

static void write_head(luv_state *S, FILE *out) {
  luv_thread *t = luv__thread_here(S);
  fputs("luv: ", out);
  if (t) fprintf(out, "thread %u '%s': ", t->id, t->name);
  fprintf(out, "%u fibers, %d in a wait that something outside can end\n\n", S->nfibers, S->external);
}

static void write_all(luv_state *S, lua_State *W, FILE *out) {
  uint32_t slot, shown = 0;
  luaL_checkstack(W, LUA_MINSTACK, "luv");
  write_head(S, out);
  write_main(S, W, out);
  lua_rawgeti(W, LUA_REGISTRYINDEX, S->ref_anchors);
  for (slot = 1; slot <= S->top_slot && shown < MAX_SHOWN; slot++) {
    luv_fiber *f;
    lua_rawgeti(W, -1, (int)(2 * slot));
    f = lua_touserdata(W, -1);
    if (f) write_fiber(S, W, f, out), shown++;
    lua_pop(W, 1);
  }
  lua_pop(W, 1);
  if (shown < S->nfibers) fprintf(out, "and %u more\n", S->nfibers - shown);
}

typedef struct { luv_state *S; FILE *out; } job;

static int dump_job(lua_State *W) {
  job *j = lua_touserdata(W, 1);
  write_all(j->S, W, j->out);
  return 0;
}

/* What it writes is not Lua's memory: an error on the way must not lose it. */
char *luv__dump_text(luv_state *S, lua_State *W, size_t *n) {
  char *text = NULL;
  job j = {S, open_memstream(&text, n)};
  int err;
  if (!j.out) {
    lua_pushliteral(W, "not enough memory");
    return NULL;
  }
  err = lua_cpcall(W, dump_job, &j);
  fclose(j.out);
  if (!err && text) return text;
  free(text);
  if (!err) lua_pushliteral(W, "not enough memory");
  return NULL;
}

/* ---- all threads --------------------------------------------------------------------------- */

typedef struct { luv_state *of; uint32_t id; char name[LUV_THREAD_NAME]; char *text; size_t n; } part;

/* Somebody who waits for the dumps of all states. */
typedef struct asking {
  struct asking *next;
  int n, open; /* parts; those without an answer */
  part v[];
} asking;

static asking *askings; /* under luv__states_lock */

static part *part_of(asking *a, luv_state *S) {
  int i;
  for (i = 0; i < a->n; i++)
    if (a->v[i].of == S) return &a->v[i];
  return NULL;
}

/* S closes. Locked. */
void luv__dump_gone(luv_state *S) {
  asking *a;
  for (a = askings; a; a = a->next) {
    part *p = part_of(a, S);
    if (!p) continue;
    p->of = NULL;
    a->open -= !p->text;
  }
}

/* Others wait for this state's dump. */
void luv__dump_answer(luv_state *S, lua_State *W) {
  size_t n;
  char *text = luv__dump_text(S, W, &n);
  asking *a;
  if (!text) lua_pop(W, 1);
  pthread_mutex_lock(&luv__states_lock);
  for (a = askings; a && text; a = a->next) {
    part *p = part_of(a, S);
    if (!p || p->text || !(p->text = malloc(n))) continue;
    memcpy(p->text, text, p->n = n);
    a->open--;
  }
  pthread_mutex_unlock(&luv__states_lock);
  free(text);
}

static int by_id(const void *a, const void *b) {
  uint32_t x = ((const part *)a)->id, y = ((const part *)b)->id;
  return x < y ? -1 : x > y;
}

/* Locked. */
static asking *begin(luv_state *self, char *own, size_t own_n) {
  luv_state *S;
  asking *a;
  int n = 0;
  for (S = luv__states; S; S = S->peer) n++;
  a = calloc(1, sizeof *a + (size_t)n * sizeof *a->v);
  if (!a) return NULL;
  for (S = luv__states; S; S = S->peer) {
    part *p = &a->v[a->n++];
    p->of = S;
    p->id = S->thread_id;
    luv__thread_name(luv__thread_here(S), p->name);
  }
  qsort(a->v, (size_t)a->n, sizeof *a->v, by_id);
  part_of(a, self)->text = own;
  part_of(a, self)->n = own_n;
  a->open = a->n - 1;
  a->next = askings;
  askings = a;
  for (S = luv__states; S; S = S->peer)
    if (S != self) luv__ask(S, LUV_DUMP_ASKED);
  return a;
}

static int answered(asking *a) {
  int open;
  pthread_mutex_lock(&luv__states_lock);
  open = a->open;
  pthread_mutex_unlock(&luv__states_lock);
  return open <= 0;
}

static void end(asking *a) {
  asking **p;
  pthread_mutex_lock(&luv__states_lock);
  for (p = &askings; *p != a; p = &(*p)->next) {}
  *p = a->next;
  pthread_mutex_unlock(&luv__states_lock);
}

static void wait_for(luv_state *S, lua_State *L, asking *a) {
  struct timespec pause = {0, 200000};
  uint64_t until = uv_hrtime() + PATIENCE * 1000000ull;
  while (!answered(a) && uv_hrtime() < until) {
    if (__atomic_fetch_and(&S->dump_wanted, ~LUV_DUMP_ASKED, __ATOMIC_SEQ_CST) & LUV_DUMP_ASKED)
      luv__dump_answer(S, L); /* of one who asks us meanwhile: this one, too, has its part then */
    nanosleep(&pause, NULL);
  }
}

/* Those that run, and have needed no luv so far. */
static void write_others(FILE *out) {
  luv_thread *t;
  uint32_t id = 0;
  while ((t = luv__thread_after(id))) {
    id = t->id;
    pthread_mutex_lock(&t->task.core.lock);
    if (!t->S) fprintf(out, "luv: thread %u '%s': has not opened luv, or has closed it\n\n", t->id, t->name);
    pthread_mutex_unlock(&t->task.core.lock);
    luv__core_drop(&t->task.core);
  }
}

static void write_parts(asking *a, FILE *out) {
  int i;
  for (i = 0; i < a->n; i++) {
    part *p = &a->v[i];
    if (p->text) fwrite(p->text, 1, p->n, out);
    else fprintf(out, "luv: thread %u '%s': %s\n\n", p->id, p->name, p->of ?
                 "has not answered: it computes, or is in a C function that blocks" : "has ended meanwhile");
    free(p->text);
  }
  write_others(out);
}

/* The text of all threads; NULL: an error is on L. */
static char *text_of_all(luv_state *S, lua_State *L, size_t *n) {
  size_t own_n;
  char *own = luv__dump_text(S, L, &own_n), *text = NULL;
  FILE *out;
  asking *a;
  if (!own) return NULL;
  out = open_memstream(&text, n);
  pthread_mutex_lock(&luv__states_lock);
  a = out ? begin(S, own, own_n) : NULL;
  pthread_mutex_unlock(&luv__states_lock);
  if (a) {
    wait_for(S, L, a);
    end(a);
    write_parts(a, out);
  } else free(own);
  if (out) fclose(out);
  if (!a || !text) lua_pushliteral(L, "not enough memory");
  free(a);
  if (a && text) return text;
  free(text);
  return NULL;
}

/* ---- luv.dump --------------------------------------------------------------------------- */

static int write_file(const char *path, const char *text, size_t n) {
  FILE *out = fopen(path, "we");
  luv_quiet q;
  int err;
  if (!out) return uv_translate_sys_error(errno);
  luv__quiet_begin(&q);
  err = fwrite(text, 1, n, out) < n;
  if (fclose(out) || err) err = uv_translate_sys_error(errno);
  luv__quiet_end(&q, err);
  return err;
}

static int check_all(luv_state *S, lua_State *L) {
  if (lua_isnoneornil(L, 2)) return 0;
  if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "all") == 0) return 1;
  return luv__arg_error(S, L, 2, "dump", "nil or \"all\" expected");
}

/* text = luv.dump([nil[, "all"]]); true = luv.dump(path[, "all"]) */
int luv_dump(lua_State *L) {
  luv_state *S = luv_enter(L);
  const char *path = NULL;
  size_t n = 0;
  int err = 0, all = check_all(S, L);
  char *text;
  if (!lua_isnoneornil(L, 1)) {
    if (lua_type(L, 1) != LUA_TSTRING) return luv__type_error(S, L, 1, 1, "dump", "string");
    path = lua_tostring(L, 1);
  }
  text = all ? text_of_all(S, L, &n) : luv__dump_text(S, L, &n);
  if (!text) return lua_error(L);
  if (path) err = write_file(path, text, n);
  if (path) lua_pushboolean(L, 1);
  else lua_pushlstring(L, text, n);
  free(text);
  return err ? luv__fail(L, err) : 1;
}

static void to_stderr(luv_state *S, lua_State *W) {
  size_t n;
  char *text = luv__dump_text(S, W, &n);
  if (text) {
    fflush(stdout);
    fwrite(text, 1, n, stderr); /* at once, since other threads write theirs */
    fflush(stderr);
  } else lua_pop(W, 1);
  free(text);
}

/* Does what S has been asked for: at a poll, or in a hook. */
void luv__dump_asked(luv_state *S, lua_State *W, int at_hook) {
  int wanted = __atomic_exchange_n(&S->dump_wanted, 0, __ATOMIC_SEQ_CST);
  if (wanted & LUV_DUMP_HOG && at_hook) luv__hog_report(S, W);
  if (wanted & LUV_DUMP_STDERR) to_stderr(S, W);
  if (wanted & LUV_DUMP_ASKED) luv__dump_answer(S, W);
}
