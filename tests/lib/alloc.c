/* alloc.c - runs a Lua script whose workload meets one allocation that fails: the first, then the
 * second, and so on. For alloc_test.go; linked with liblua5.1 or LuaJIT.
 *
 *   alloc SCRIPT         the script has arm(n, whose), and disarm()
 *   alloc open WHOSE     luv is opened and closed, with one failure each time, until none comes
 *
 * `whose` is "lua", the allocations of the Lua state (stock 5.1 only: LuaJIT does not survive
 * every one by itself), or "luv", the calls of malloc and its kin by luv.so's own C. The n-th of
 * the calling thread fails from arm on; disarm() returns whether it has come. Those by which Go's
 * C.CString and C.malloc do their work are left out, since Go's runtime ends the process there:
 * the variable LUV_GOES has their places, as offset-offset,... */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

enum { OFF, LUA, LUV };
static int armed;              /* whose */
static long left, total;
static pthread_t on;           /* the thread that it is for */
static int traced;

static int now_it_fails(void) {
  if (!pthread_equal(pthread_self(), on)) return 0;
  total++;
  if (--left != 0) return 0;
  if (traced) abort();
  return 1;
}

/* ---- of the Lua state -------------------------------------------------------------------- */

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);

static void *allocate(void *unused, void *p, size_t old, size_t size) {
  (void)unused;
  if (size == 0) {
    free(p);
    return NULL;
  }
  if (armed == LUA && size > old && now_it_fails()) return NULL;
  return __libc_realloc(p, size);
}

/* ---- of luv.so's C --------------------------------------------------------------------------- */

static uintptr_t from, to;     /* where its code is */
static struct { uintptr_t from, to; } go[64];
static int ngo;

static int is_luv(struct dl_phdr_info *info, size_t size, void *unused) {
  int i;
  (void)size;
  (void)unused;
  if (!strstr(info->dlpi_name, "luv.so")) return 0;
  for (i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *p = &info->dlpi_phdr[i];
    if (p->p_type != PT_LOAD || !(p->p_flags & PF_X)) continue;
    from = info->dlpi_addr + p->p_vaddr;
    to = from + p->p_memsz;
  }
  for (i = 0; i < ngo; i++) go[i].from += info->dlpi_addr, go[i].to += info->dlpi_addr;
  return 1;
}

static void find_luv(void) {
  const char *s = getenv("LUV_GOES");
  char *end;
  if (from) return;
  for (; s && *s && ngo < 64; s = *end ? end + 1 : end) {
    go[ngo].from = strtoul(s, &end, 0);
    go[ngo++].to = strtoul(end + 1, &end, 0);
  }
  dl_iterate_phdr(is_luv, NULL);
}

static int is_go(uintptr_t caller) {
  int i;
  for (i = 0; i < ngo; i++)
    if (caller >= go[i].from && caller < go[i].to) return 1;
  return 0;
}

static int refused(void *address) {
  uintptr_t caller = (uintptr_t)address;
  if (armed != LUV || caller < from || caller >= to || is_go(caller) || !now_it_fails()) return 0;
  errno = ENOMEM;
  return 1;
}

#define REFUSED refused(__builtin_return_address(0))

void *malloc(size_t n) { return REFUSED ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return REFUSED ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return REFUSED ? NULL : __libc_realloc(p, n); }
void *aligned_alloc(size_t align, size_t n) { return REFUSED ? NULL : __libc_memalign(align, n); }

char *strdup(const char *s) {
  size_t n = strlen(s) + 1;
  char *copy = REFUSED ? NULL : __libc_malloc(n);
  return copy ? memcpy(copy, s, n) : NULL;
}

/* ---- what the script has ------------------------------------------------------------------------ */

static int whose(const char *name) { return strcmp(name, "lua") == 0 ? LUA : LUV; }

static int arm(lua_State *L) {
  find_luv();
  on = pthread_self();
  total = 0;
  traced = getenv("LUV_ABORT") != NULL;
  left = (long)luaL_checknumber(L, 1);
  armed = whose(luaL_checkstring(L, 2));
  return 0;
}

/* yes, count = disarm() */
static int disarm(lua_State *L) {
  armed = OFF;
  lua_pushboolean(L, left <= 0);
  lua_pushnumber(L, (lua_Number)total);
  return 2;
}

static int descriptors(void) {
  int n = 0;
  DIR *d = opendir("/proc/self/fd");
  while (d && readdir(d)) n++;
  if (d) closedir(d);
  return n;
}

static int push_descriptors(lua_State *L) {
  lua_pushinteger(L, descriptors());
  return 1;
}

static lua_State *state(void) {
  lua_State *L = luaL_newstate();
  if (!L) exit(2);
#ifdef LUA_JITLIBNAME
  (void)allocate; /* LuaJIT's blocks are its own */
#else
  lua_setallocf(L, allocate, NULL); /* as luaL_newstate's, which is realloc */
#endif
  luaL_openlibs(L);
  lua_register(L, "arm", arm);
  lua_register(L, "disarm", disarm);
  lua_register(L, "descriptors", push_descriptors);
  return L;
}

static int script(const char *path) {
  lua_State *L = state();
  int rc = luaL_loadfile(L, path) || lua_pcall(L, 0, 0, 0);
  if (rc) fprintf(stderr, "alloc: %s\n", lua_tostring(L, -1));
  lua_close(L);
  return rc;
}

/* ---- opening and closing ---------------------------------------------------------------------------- */

/* 1: the failure has come, and was an error of memory or none. */
static int opened(const char *who, long n) {
  lua_State *L = state();
  int rc, come;
  luaL_loadstring(L, "local luv = require('luv') luv.spawn(function() luv.sleep(0) end):join() luv.fs.stat('/')");
  find_luv();
  on = pthread_self();
  left = n;
  traced = getenv("LUV_ABORT") && atol(getenv("LUV_ABORT")) == n;
  armed = whose(who);
  rc = lua_pcall(L, 0, 0, 0);
  armed = OFF;
  come = left <= 0;
  if (rc && !(come && lua_tostring(L, -1) && strstr(lua_tostring(L, -1), "not enough memory"))) {
    printf("allocation %ld: %s\n", n, lua_tostring(L, -1));
    exit(1);
  }
  lua_close(L);
  return come;
}

static int open_and_close(const char *who) {
  long n, last = 0;
  int at_first = 0, now, i;
  opened(who, 1L << 40);
  opened(who, 1L << 40);
  at_first = descriptors();
  for (n = 1; opened(who, n); n++) last = n;
  for (i = 0; (now = descriptors()) > at_first && i < 200; i++) usleep(5000);
  if (now > at_first) printf("descriptors: %d, and %d at the end\n", at_first, now);
  printf("%ld\n", last);
  return now > at_first;
}

int main(int argc, char **argv) {
  if (argc == 3) return open_and_close(argv[2]);
  return argc == 2 ? script(argv[1]) : 2;
}
