/* thread.c - the limit of luv.thread: OS threads with a bare Lua state each.
 *
 *   thread spawn COUNT TOGETHER  prints "each N": µs to make a thread, a state with its
 *                                libraries, to run an empty function in it and to join
 *   thread idle COUNT            prints "memory N": KB that each of COUNT such states takes
 *
 * The one rule: what any Lua thread needs and nothing else. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static pthread_barrier_t there, over;

static lua_State *state(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_loadstring(L, "return") || lua_pcall(L, 0, 0, 0)) abort();
  return L;
}

static void *once(void *arg) {
  lua_close(state());
  return arg;
}

static void *stay(void *arg) {
  lua_State *L = state();
  pthread_barrier_wait(&there);
  pthread_barrier_wait(&over);
  lua_close(L);
  return arg;
}

static void spawn(int count, int together) {
  struct timespec a, b;
  pthread_t *t = calloc((size_t)together, sizeof *t);
  int i, k;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (i = 0; i < count; i += together) {
    for (k = 0; k < together; k++) pthread_create(&t[k], NULL, once, NULL);
    for (k = 0; k < together; k++) pthread_join(t[k], NULL);
  }
  clock_gettime(CLOCK_MONOTONIC, &b);
  printf("each %.3f\n", ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 1e3 / count);
}

static long resident(void) {
  long size, pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%ld %ld", &size, &pages) != 2) abort();
  fclose(f);
  return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static void idle(int count) {
  long before = resident();
  pthread_t t;
  int i;
  pthread_barrier_init(&there, NULL, (unsigned)count + 1);
  pthread_barrier_init(&over, NULL, (unsigned)count + 1);
  for (i = 0; i < count; i++) pthread_create(&t, NULL, stay, NULL);
  pthread_barrier_wait(&there);
  printf("memory %.1f\n", (double)(resident() - before) / count);
  fflush(stdout);
  _exit(0);
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "spawn") == 0) spawn(atoi(argv[2]), atoi(argv[3]));
  else if (argc == 3 && strcmp(argv[1], "idle") == 0) idle(atoi(argv[2]));
  else return fprintf(stderr, "usage: thread spawn COUNT TOGETHER | idle COUNT\n"), 1;
  return 0;
}
