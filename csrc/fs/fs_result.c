/* fs_result.c - what a request came to, as the values that its call returns.
 *
 * A stat table has 28 fields; a small Lua function makes it from numbers, which costs a
 * third of setting each field from C. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include "fs.h"

/* The same of a file, which may be closed while the message is made. */
int luv__fs_fail_at(lua_State *L, int err, const char *path) {
  char copy[PATH_MAX];
  if (path) snprintf(copy, sizeof copy, "%s", path);
  return luv__fail_about(L, err, path ? copy : NULL, NULL);
}

const char *luv__fs_type(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "link";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFCHR: return "char";
    case S_IFBLK: return "block";
    default: return "unknown";
  }
}

const char *luv__dirent_type(int type) {
  static const char *const names[] = {"unknown", "file", "directory", "link", "fifo", "socket", "char", "block"};
  return type >= 0 && type < (int)(sizeof names / sizeof *names) ? names[type] : "unknown";
}

static const char maker[] =
  "return function(dev, mode, nlink, uid, gid, rdev, ino, size, blksize, blocks, flags, gen,\n"
  "  atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns, birthtime, birthtime_ns, type)\n"
  "  return {dev = dev, mode = mode, nlink = nlink, uid = uid, gid = gid, rdev = rdev, ino = ino,\n"
  "    size = size, blksize = blksize, blocks = blocks, flags = flags, gen = gen,\n"
  "    atime = atime, atime_ns = atime_ns, mtime = mtime, mtime_ns = mtime_ns,\n"
  "    ctime = ctime, ctime_ns = ctime_ns, birthtime = birthtime, birthtime_ns = birthtime_ns,\n"
  "    type = type, is_file = type == 'file', is_directory = type == 'directory',\n"
  "    is_symbolic_link = type == 'link', is_fifo = type == 'fifo', is_socket = type == 'socket',\n"
  "    is_character_device = type == 'char', is_block_device = type == 'block'}\n"
  "end";

static void push_maker(luv_state *S, lua_State *W) {
  if (luv__fs_of(S)->ref_stat == LUA_NOREF) {
    if (luaL_loadbuffer(W, maker, sizeof maker - 1, "=luv")) lua_error(W);
    lua_call(W, 0, 1);
    luv__fs_of(S)->ref_stat = luaL_ref(W, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(W, LUA_REGISTRYINDEX, luv__fs_of(S)->ref_stat);
}

static void push_time(lua_State *W, const uv_timespec_t *t) {
  lua_pushnumber(W, (lua_Number)t->tv_sec + (lua_Number)t->tv_nsec / 1e9);
  lua_pushnumber(W, (lua_Number)t->tv_nsec);
}

int luv__push_stat(luv_state *S, lua_State *W, const uv_stat_t *s) {
  const uint64_t fields[] = {s->st_dev, s->st_mode, s->st_nlink, s->st_uid, s->st_gid, s->st_rdev,
    s->st_ino, s->st_size, s->st_blksize, s->st_blocks, s->st_flags, s->st_gen};
  size_t i;
  luaL_checkstack(W, 30, "luv");
  push_maker(S, W);
  for (i = 0; i < sizeof fields / sizeof *fields; i++) lua_pushnumber(W, (lua_Number)fields[i]);
  push_time(W, &s->st_atim);
  push_time(W, &s->st_mtim);
  push_time(W, &s->st_ctim);
  push_time(W, &s->st_birthtim);
  lua_pushstring(W, luv__fs_type((unsigned)s->st_mode));
  lua_call(W, 21, 1);
  return 1;
}

static int push_statfs(lua_State *W, const uv_statfs_t *s) {
  const struct { const char *name; uint64_t n; } fields[] = {
    {"type", s->f_type}, {"bsize", s->f_bsize}, {"blocks", s->f_blocks}, {"bfree", s->f_bfree},
    {"bavail", s->f_bavail}, {"files", s->f_files}, {"ffree", s->f_ffree}};
  size_t i;
  lua_createtable(W, 0, 7);
  for (i = 0; i < sizeof fields / sizeof *fields; i++) {
    lua_pushnumber(W, (lua_Number)fields[i].n);
    lua_setfield(W, -2, fields[i].name);
  }
  return 1;
}

/* {{name = , type = }, ...}, or the names alone. */
static int push_list(luv_fsreq *r, lua_State *W, int names) {
  uv_dirent_t e;
  int i;
  lua_createtable(W, (int)r->result, 0);
  for (i = 1; uv_fs_scandir_next(&r->fs, &e) == 0; i++) {
    if (!names) {
      lua_createtable(W, 0, 2);
      lua_pushstring(W, luv__dirent_type(e.type));
      lua_setfield(W, -2, "type");
    }
    lua_pushstring(W, e.name);
    if (!names) lua_setfield(W, -2, "name");
    lua_rawseti(W, -2, i);
  }
  return 1;
}

static int push_data(luv_fsreq *r, lua_State *W) {
  if (r->result == 0 && r->n[0] > 0) return luv__fail_about(W, UV_EOF, r->d->path, NULL); /* r holds d */
  lua_pushnumber(W, (lua_Number)r->result);
  lua_pushlstring(W, r->buf, (size_t)r->result);
  return 2;
}

/* The descriptor that the pool has opened becomes a file. It is r's until then. */
static void push_open(luv_fsreq *r, lua_State *W, const char *path) {
  luv_box *b = luv__push_box(r->S, W, luv__class_file.id);
  if (luv__file_into(r->S, b, luv__desc_new(r->S, (int)r->result, path, (int)r->n[1])))
    luaL_error(W, "not enough memory");
  r->taken = 1;
}

static int push_watch(luv_fsreq *r, lua_State *W) {
  luv_box *b = luv__push_box(r->S, W, luv__class_fs_event.id);
  r->taken = 1;
  return r->scan ? luv__tree_into(r, W, b) : luv__watch_into(r->S, W, b, (int)r->result, r->path[0]);
}

static int push_lines(luv_fsreq *r, lua_State *W) {
  push_open(r, W, r->path[0]);
  luv__push_lines(r->S, W);
  return 1;
}

static int push_temp_file(luv_fsreq *r, lua_State *W) {
  push_open(r, W, r->path[0]);
  lua_pushstring(W, r->path[0]);
  return 2;
}

static int push_dir(luv_fsreq *r, lua_State *W) {
  luv_box *b = luv__push_box(r->S, W, luv__class_dir.id);
  luv_desc *d = luv__desc_new(r->S, -1, r->path[0], 0);
  if (luv__file_into(r->S, b, d)) luaL_error(W, "not enough memory");
  d->walk = r->walk;
  r->walk = NULL;
  if (r->op->result == LUV_FS_WALK) luv__push_walker(r->S, W);
  return 1;
}

/* file:seek("end", n): the size is known now. */
static int push_position(luv_fsreq *r, lua_State *W) {
  double at = (double)r->fs.statbuf.st_size + r->n[1];
  if (!(at >= 0 && at <= LUV_FS_MAX)) return luv__fail_about(W, UV_EINVAL, r->d->path, NULL);
  luv__desc_unread(r->d);
  r->d->pos = (int64_t)at;
  lua_pushnumber(W, at);
  return 1;
}

static int failed(luv_fsreq *r, lua_State *L, lua_State *W) {
  int result = r->op->result, copies = result == LUV_FS_SENT && r->d2; /* from d2 to d */
  const char *path = copies ? r->d2->path : r->path[0] ? r->path[0] : r->d ? r->d->path : NULL;
  luv__fail_about(W, (int)r->result, path, copies ? r->d->path : r->path[1]);
  if (result == LUV_FS_LINE && r->result == UV_EOF && r->d->once && !r->d->closed)
    luv__object_close(luv__tobox(L, 1, luv__class_file.id)->o); /* nobody else has it */
  if (result == LUV_FS_ENTRY && r->result == UV_EOF) luv__dir_ended(L, r->d);
  if (result != LUV_FS_WRITTEN && result != LUV_FS_SENT && r->op != LUV_FS_OP(fs_writefile)) return 3;
  lua_pushnumber(W, (lua_Number)r->done); /* what was done before */
  return 4;
}

/* The results on W of the call whose arguments are on L. May raise (memory). */
int luv__fs_push(luv_fsreq *r, lua_State *L, lua_State *W) {
  if (r->result < 0) return failed(r, L, W);
  switch (r->op->result) {
    case LUV_FS_SELF: case LUV_FS_CLOSED:
      lua_pushvalue(L, 1);
      if (W != L) lua_xmove(L, W, 1);
      return 1;
    case LUV_FS_FILE: push_open(r, W, r->path[0]); return 1;
    case LUV_FS_LINES: return push_lines(r, W);
    case LUV_FS_WATCH: return push_watch(r, W);
    case LUV_FS_WRITTEN: case LUV_FS_SENT: lua_pushnumber(W, (lua_Number)r->done); return 1;
    case LUV_FS_STAT: return luv__push_stat(r->S, W, &r->fs.statbuf);
    case LUV_FS_STATX: return luv__push_statx(r, W);
    case LUV_FS_STATFS: return push_statfs(W, r->fs.ptr);
    case LUV_FS_TEXT: lua_pushstring(W, r->fs.ptr); return 1;
    case LUV_FS_TEMP_DIR:
      lua_pushstring(W, r->path[0]);
      r->taken = 1;
      return 1;
    case LUV_FS_TEMP_FILE: return push_temp_file(r, W);
    case LUV_FS_LIST: return push_list(r, W, 0);
    case LUV_FS_NAMES: return push_list(r, W, 1);
    case LUV_FS_DATA: return push_data(r, W);
    case LUV_FS_WHOLE: lua_pushlstring(W, r->buf, (size_t)r->result); return 1;
    case LUV_FS_LINE: return luv__push_line(r, W);
    case LUV_FS_SIZE: return push_position(r, W);
    case LUV_FS_DIR: case LUV_FS_WALK: return push_dir(r, W);
    case LUV_FS_ENTRY: return luv__push_entry(r, W);
    default: lua_pushboolean(W, 1); return 1;
  }
}
