/* os.c - the environment, changed so that whoever reads it meanwhile is not harmed; and the
 * title of the process.
 *
 * The whole process shares one environment, and C's getenv takes no lock: setenv frees the
 * array under the eyes of other threads (glibc before 2.41), among them every Lua state that
 * opens, since it asks for LUA_PATH. So nothing is freed here that was ever to be seen. A string
 * is kept for good, once (`known`); a new or a shorter list of them is written into
 * another array, and the arrays take turns. A reader has what was, or what is; one that is
 * overtaken by all arrays has a mixture, of valid strings. */
#define _GNU_SOURCE
#include <pthread.h>
#include <search.h>
#include <unistd.h>
#include "luvprocess.h"

#define ARRAYS 8
#define LEAST 64
#define LONGEST (1 << 17) /* an argument of the kernel's (MAX_ARG_STRLEN) */

typedef struct { char **v; size_t room; } array; /* v[room] is NULL for good */

static array arrays[ARRAYS];
static int current;
static void *known; /* a tree of strings, as tsearch makes it */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int compare(const void *a, const void *b) { return strcmp(a, b); }

/* "name=value", always the same one for the same text. */
static char *entry(const char *name, const char *value) {
  size_t n = strlen(name), m = strlen(value);
  char *s = malloc(n + m + 2), **node;
  if (!s) return NULL;
  memcpy(s, name, n);
  s[n] = '=';
  memcpy(s + n + 1, value, m + 1);
  node = tsearch(s, &known, compare);
  if (!node || *node != s) free(s);
  return node ? *node : NULL;
}

static int is_name(const char *name) { return *name && !strchr(name, '='); }

static int names(const char *s, const char *name, size_t n) {
  return strncmp(s, name, n) == 0 && s[n] == '=';
}

static size_t length(void) {
  size_t n = 0;
  while (environ && environ[n]) n++;
  return n;
}

static void put(char **at, char *s) { __atomic_store_n(at, s, __ATOMIC_RELEASE); }

/* The next array, with room for so many. */
static array *another(size_t n) {
  array *a = &arrays[(current + 1) % ARRAYS];
  if (a->room < n) {
    size_t room = n * 2 < LEAST ? LEAST : n * 2;
    char **v = calloc(room + 1, sizeof *v);
    if (!v) return NULL;
    a->v = v; /* the shorter one before may still be read */
    a->room = room;
  }
  current = (current + 1) % ARRAYS;
  return a;
}

/* Lists what there is without `name`, and with `s`, if any, in another array. */
static int list(size_t n, const char *name, char *s) {
  size_t i, to = 0, len = strlen(name);
  array *a = another(n + 1);
  if (!a) return UV_ENOMEM;
  for (i = 0; i < n; i++)
    if (!names(environ[i], name, len)) put(a->v + to++, environ[i]);
  if (s) put(a->v + to++, s);
  put(a->v + to, NULL);
  __atomic_store_n(&environ, a->v, __ATOMIC_RELEASE);
  return 0;
}

static int set(const char *name, const char *value) {
  size_t i, n = length(), len = strlen(name);
  array *a = &arrays[current];
  char *s = entry(name, value);
  if (!s) return UV_ENOMEM;
  for (i = 0; i < n; i++) {
    if (!names(environ[i], name, len)) continue;
    put(environ + i, s);
    return 0;
  }
  if (environ != a->v || n + 1 > a->room || !a->v) return list(n, name, s);
  put(environ + n + 1, NULL);
  put(environ + n, s);
  return 0;
}

static int unset(const char *name) {
  size_t i, n = length(), len = strlen(name);
  for (i = 0; i < n; i++)
    if (names(environ[i], name, len)) return list(n, name, NULL);
  return 0;
}

/* As uv_os_setenv. */
int luv__setenv(const char *name, const char *value) {
  int err;
  if (!is_name(name)) return UV_EINVAL;
  pthread_mutex_lock(&lock);
  err = set(name, value);
  pthread_mutex_unlock(&lock);
  return err;
}

/* As uv_os_unsetenv. */
int luv__unsetenv(const char *name) {
  int err;
  if (!is_name(name)) return UV_EINVAL;
  pthread_mutex_lock(&lock);
  err = unset(name);
  pthread_mutex_unlock(&lock);
  return err;
}

/* ---- the title ----------------------------------------------------------------------------- */

/* libuv keeps the title in the room of the process's arguments, but a library has no main that
 * would be given them. The dynamic loader hands them to each constructor, also when the
 * library is loaded late (glibc; elsewhere there is no title). */
static int count;
static char **arguments;

__attribute__((constructor)) static void remember(int argc, char **argv) {
  count = argc;
  arguments = argv;
}

/* Gives libuv the arguments, unless the host has done so. libuv answers alike when it has
 * none and when there is no room for its answer: hence the large buffer. To be called once. */
void luv__setup_args(void) {
  char *title = malloc(LONGEST);
  int has = title && uv_get_process_title(title, LONGEST) == 0;
  free(title);
  if (title && !has && arguments && count > 0) uv_setup_args(count, arguments);
}
