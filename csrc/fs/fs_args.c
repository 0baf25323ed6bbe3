/* fs_args.c - the arguments of operations on files, by the kinds of fs_ops.h. A wrong one
 * raises, with the function and the argument named. */
#include <fcntl.h>
#include <math.h>
#include "fs.h"

/* "stat" of "fs_stat" and "file_stat". */
const char *luv__fs_name(const luv_fs_op *op) { return strchr(op->face, '_') + 1; }

typedef struct { luv_state *S; lua_State *L; luv_fs_call *c; const char *fname; int idx, arg; } at;

static int bad(at *a, const char *msg) { return luv__arg_error(a->S, a->L, a->arg, a->fname, msg); }
static int expected(at *a, const char *what) {
  return luv__type_error(a->S, a->L, a->idx, a->arg, a->fname, what);
}

static void path(at *a) {
  int i = a->c->path[0] != NULL;
  if (lua_type(a->L, a->idx) != LUA_TSTRING) expected(a, "string");
  a->c->path[i] = lua_tolstring(a->L, a->idx, &a->c->path_len[i]);
  if (strlen(a->c->path[i]) != a->c->path_len[i]) bad(a, "a name cannot hold a zero byte");
}

static double whole(at *a, double lo, double hi, const char *msg) {
  double n;
  if (lua_type(a->L, a->idx) != LUA_TNUMBER) expected(a, "number");
  n = lua_tonumber(a->L, a->idx);
  if (!(n >= lo && n <= hi && n == floor(n))) bad(a, msg);
  return n;
}

/* "644" is octal; a number is the mode itself: 420. */
static double perm(at *a) {
  char *end;
  long n;
  const char *s;
  if (lua_type(a->L, a->idx) == LUA_TNUMBER)
    return whole(a, 0, 07777, "permissions of 0 to 4095 expected");
  if (lua_type(a->L, a->idx) != LUA_TSTRING) expected(a, "string or number");
  s = lua_tostring(a->L, a->idx);
  n = strtol(s, &end, 8);
  if (*end || end == s || *s == '-' || *s == '+' || n < 0 || n > 07777) bad(a, "permissions as \"644\" expected");
  return (double)n;
}

static double id(at *a) { return whole(a, -1, 4294967295.0, "an id of 0 or more, or -1, expected"); }

static double seconds(at *a) {
  double t;
  if (lua_type(a->L, a->idx) != LUA_TNUMBER) expected(a, "number");
  t = lua_tonumber(a->L, a->idx);
  if (!(fabs(t) <= 1e15)) bad(a, "seconds expected");
  return t;
}

static double access_mode(at *a) {
  const char *s;
  int mode = 0;
  if (lua_type(a->L, a->idx) == LUA_TNUMBER) return whole(a, 0, 7, "0 to 7 expected");
  if (lua_type(a->L, a->idx) != LUA_TSTRING) expected(a, "string");
  for (s = lua_tostring(a->L, a->idx); *s; s++) {
    if (*s == 'r') mode |= 4;
    else if (*s == 'w') mode |= 2;
    else if (*s == 'x') mode |= 1;
    else if (*s != 'f') bad(a, "letters of \"rwx\", or \"f\", expected");
  }
  return mode;
}

static int flag(lua_State *L, int idx, const char *name) {
  int is;
  lua_pushstring(L, name);
  lua_rawget(L, idx);
  is = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is;
}

static double copy_flags(at *a) {
  if (lua_type(a->L, a->idx) != LUA_TTABLE) expected(a, "table");
  return flag(a->L, a->idx, "excl") * UV_FS_COPYFILE_EXCL +
         flag(a->L, a->idx, "ficlone") * UV_FS_COPYFILE_FICLONE +
         flag(a->L, a->idx, "ficlone_force") * UV_FS_COPYFILE_FICLONE_FORCE;
}

/* The modes of io.open, "x" for exclusive, "b" for nothing. */
static double open_mode(at *a) {
  const char *s;
  int access, flags, plus = 0, excl = 0;
  if (lua_type(a->L, a->idx) != LUA_TSTRING) expected(a, "string");
  s = lua_tostring(a->L, a->idx);
  switch (*s) {
    case 'r': access = O_RDONLY; flags = 0; break;
    case 'w': access = O_WRONLY; flags = O_CREAT | O_TRUNC; break;
    case 'a': access = O_WRONLY; flags = O_CREAT | O_APPEND; break;
    default: return bad(a, "a mode as \"r\", \"w+\", \"a\", \"wx\" expected");
  }
  while (*++s) {
    if (*s == '+' && !plus) plus = 1;
    else if (*s == 'x' && flags && !excl) excl = 1;
    else if (*s != 'b') bad(a, "a mode as \"r\", \"w+\", \"a\", \"wx\" expected");
  }
  return (plus ? O_RDWR : access) | flags | (excl ? O_EXCL : 0);
}

/* {atomic = true, perm = "600"}: n[1] is the mode or -1, n[2] whether. */
static void write_options(at *a) {
  int top = lua_gettop(a->L), idx = a->idx;
  if (lua_type(a->L, idx) != LUA_TTABLE) expected(a, "table");
  a->c->n[2] = flag(a->L, idx, "atomic");
  lua_getfield(a->L, idx, "perm");
  a->idx = lua_gettop(a->L);
  if (!lua_isnil(a->L, -1)) a->c->n[1] = perm(a);
  a->idx = idx;
  lua_settop(a->L, top);
}

/* {follow = false}: 1 for a link itself. */
static double statx_options(at *a) {
  int follow;
  if (lua_type(a->L, a->idx) != LUA_TTABLE) expected(a, "table");
  lua_pushliteral(a->L, "follow");
  lua_rawget(a->L, a->idx);
  follow = lua_isnil(a->L, -1) || lua_toboolean(a->L, -1);
  lua_pop(a->L, 1);
  return !follow;
}

static void one(at *a, char kind, int i) {
  luv_fs_call *c = a->c;
  switch (kind) {
    case 'p': path(a); return;
    case 'm': c->n[i] = perm(a); return;
    case 'n': c->n[i] = whole(a, 0, LUV_FS_MAX, "a whole number of 0 to 2^53 expected"); return;
    case 'i': c->n[i] = id(a); return;
    case 't': c->n[i] = seconds(a); return;
    case 'a': c->n[i] = access_mode(a); return;
    case 'c': c->n[i] = copy_flags(a); return;
    case 'o': c->n[i] = open_mode(a); return;
    case 'w': write_options(a); return;
    case 's': c->n[i] = statx_options(a); return;
    case 'r': c->n[i] = flag(a->L, a->idx, "recursive"); return;
    case 'd':
      c->total = luv__check_data(a->S, a->L, a->idx, a->arg, a->fname);
      c->data = a->idx;
      return;
    case 'F': c->d = luv__check_file(a->S, a->L, a->idx, a->arg, a->fname); return;
    default: return;
  }
}

static double absent(char kind) { return kind == 'm' || kind == 'w' ? -1 : 0; }

/* Parses all arguments; the timeout goes into c->n[3]. */
void luv__fs_parse(luv_state *S, lua_State *L, luv_fs_call *c, const luv_fs_op *op) {
  at a = {S, L, c, luv__fs_name(op), 1, 1};
  const char *k;
  int i = 0, method = op->args[0] == 'F';
  c->op = op;
  for (k = op->args; *k; k++, i++) {
    int optional = k[1] == '?';
    if (*k == 'r' && !lua_istable(L, i + 1)) { /* left out: the timeout may stand there */
      i--;
      k++;
      continue;
    }
    a.idx = i + 1;
    a.arg = a.idx - method;
    if (optional && lua_isnoneornil(L, a.idx)) c->n[*k == 'w' ? 1 : i] = absent(*k);
    else {
      if (*k == 'w') c->n[1] = -1;
      one(&a, *k, i);
    }
    k += optional;
  }
  c->n[3] = luv__opt_timeout(S, L, i + 1, i + 1 - method, a.fname);
  if (method) c->d = luv__check_file(S, L, 1, 0, a.fname); /* what came before may have closed it */
}

/* The optional count at idx, 0 to 2^53. */
uint64_t luv__fs_count(luv_state *S, lua_State *L, int idx, int arg, const char *fname, uint64_t otherwise) {
  at a = {S, L, NULL, fname, idx, arg};
  if (lua_isnoneornil(L, idx)) return otherwise;
  return (uint64_t)whole(&a, 0, LUV_FS_MAX, "a whole number of 0 to 2^53 expected");
}
