/* fs_ops.h - the operations on files, one row each: the face that Lua calls, that it can
 * wait, the kinds of its arguments, the kind of its result, what is tried in place first
 * (NULL: nothing), and the call that hands it to libuv's pool.
 *
 * Arguments: p path, m perm, n count or offset, i id, t time, a access mode, c copyfile's
 * flags, o open mode, d data, w writefile's options, F file, * ignored; ? after one: it is
 * optional. A timeout follows the last. In the calls l is the loop, q the request, r ours,
 * cb the callback; P(i) is path i, and N(i) the number that argument i came to. */
#ifndef LUV_FS_OPS_H
#define LUV_FS_OPS_H

/* What a script sees of an operation. From LUV_FS_OK on it has changed nothing. */
enum {
  LUV_FS_TRUE, LUV_FS_SELF, LUV_FS_WRITTEN, LUV_FS_SENT, LUV_FS_TEMP_DIR, LUV_FS_TEMP_FILE,
  LUV_FS_CLOSED,
  LUV_FS_OK, LUV_FS_FILE, LUV_FS_LINES, LUV_FS_WATCH, LUV_FS_STAT, LUV_FS_STATFS, LUV_FS_TEXT, LUV_FS_LIST,
  LUV_FS_NAMES, LUV_FS_DATA, LUV_FS_WHOLE, LUV_FS_LINE, LUV_FS_SIZE, LUV_FS_DIR, LUV_FS_WALK,
  LUV_FS_ENTRY
};

#define LUV_FS_OPS(X) \
  X(fs_open, 1, "po?m?", FILE, luv__try_open, luv__fs_job(l, r, luv__job_open)) \
  X(fs_lines, 1, "p", LINES, luv__try_open, luv__fs_job(l, r, luv__job_open)) \
  X(fs_watch, 1, "p", WATCH, luv__try_watch, luv__fs_job(l, r, luv__job_look)) \
  X(fs_unlink, 1, "p", TRUE, NULL, uv_fs_unlink(l, q, P(0), cb)) \
  X(fs_mkdir, 1, "pm?", TRUE, NULL, uv_fs_mkdir(l, q, P(0), PERM(1, 0777), cb)) \
  X(fs_rmdir, 1, "p", TRUE, NULL, uv_fs_rmdir(l, q, P(0), cb)) \
  X(fs_rename, 1, "pp", TRUE, NULL, uv_fs_rename(l, q, P(0), P(1), cb)) \
  X(fs_link, 1, "pp", TRUE, NULL, uv_fs_link(l, q, P(0), P(1), cb)) \
  X(fs_symlink, 1, "pp*?", TRUE, NULL, uv_fs_symlink(l, q, P(0), P(1), 0, cb)) \
  X(fs_readlink, 1, "p", TEXT, NULL, uv_fs_readlink(l, q, P(0), cb)) \
  X(fs_realpath, 1, "p", TEXT, NULL, uv_fs_realpath(l, q, P(0), cb)) \
  X(fs_chmod, 1, "pm", TRUE, NULL, uv_fs_chmod(l, q, P(0), (int)N(1), cb)) \
  X(fs_chown, 1, "pii", TRUE, NULL, uv_fs_chown(l, q, P(0), ID(1), ID(2), cb)) \
  X(fs_lchown, 1, "pii", TRUE, NULL, uv_fs_lchown(l, q, P(0), ID(1), ID(2), cb)) \
  X(fs_utime, 1, "ptt", TRUE, NULL, uv_fs_utime(l, q, P(0), N(1), N(2), cb)) \
  X(fs_lutime, 1, "ptt", TRUE, NULL, uv_fs_lutime(l, q, P(0), N(1), N(2), cb)) \
  X(fs_stat, 1, "p", STAT, luv__try_stat, uv_fs_stat(l, q, P(0), cb)) \
  X(fs_lstat, 1, "p", STAT, luv__try_lstat, uv_fs_lstat(l, q, P(0), cb)) \
  X(fs_statfs, 1, "p", STATFS, NULL, uv_fs_statfs(l, q, P(0), cb)) \
  X(fs_access, 1, "pa?", OK, NULL, uv_fs_access(l, q, P(0), (int)N(1), cb)) \
  X(fs_copyfile, 1, "ppc?", TRUE, NULL, uv_fs_copyfile(l, q, P(0), P(1), (int)N(2), cb)) \
  X(fs_mkdtemp, 1, "p", TEMP_DIR, NULL, luv__fs_job(l, r, luv__job_mkdtemp)) \
  X(fs_mkstemp, 1, "p", TEMP_FILE, NULL, luv__fs_job(l, r, luv__job_mkstemp)) \
  X(fs_scandir, 1, "p", LIST, NULL, uv_fs_scandir(l, q, P(0), 0, cb)) \
  X(fs_readdir, 1, "p", NAMES, NULL, uv_fs_scandir(l, q, P(0), 0, cb)) \
  X(fs_chdir, 1, "p", TRUE, NULL, luv__fs_job(l, r, luv__job_chdir)) \
  X(fs_readfile, 1, "p", WHOLE, luv__try_readfile, luv__fs_job(l, r, luv__job_readfile)) \
  X(fs_writefile, 1, "pdw?", TRUE, NULL, luv__fs_job(l, r, luv__job_writefile)) \
  X(fs_mkdirp, 1, "pm?", TRUE, NULL, luv__fs_job(l, r, luv__job_mkdirp)) \
  X(fs_rmrf, 1, "p", TRUE, NULL, luv__fs_job(l, r, luv__job_rmrf)) \
  X(fs_opendir, 1, "p", DIR, NULL, luv__fs_job(l, r, luv__job_opendir)) \
  X(fs_walk, 1, "p", WALK, NULL, luv__fs_job(l, r, luv__job_walk)) \
  X(file_stat, 1, "F", STAT, luv__try_fstat, uv_fs_fstat(l, q, r->d->fd, cb)) \
  X(file_sync, 1, "F", SELF, NULL, uv_fs_fsync(l, q, r->d->fd, cb)) \
  X(file_datasync, 1, "F", SELF, NULL, uv_fs_fdatasync(l, q, r->d->fd, cb)) \
  X(file_truncate, 1, "Fn", SELF, NULL, uv_fs_ftruncate(l, q, r->d->fd, (int64_t)N(1), cb)) \
  X(file_utime, 1, "Ftt", SELF, NULL, uv_fs_futime(l, q, r->d->fd, N(1), N(2), cb)) \
  X(file_chmod, 1, "Fm", SELF, NULL, uv_fs_fchmod(l, q, r->d->fd, (int)N(1), cb)) \
  X(file_chown, 1, "Fii", SELF, NULL, uv_fs_fchown(l, q, r->d->fd, ID(1), ID(2), cb))

/* Those whose faces are written out: fs_file.c, fs_lines.c, fs_dir.c, fs_send.c. */
#define LUV_FS_OWN(X) \
  X(file_read, 1, "", DATA, NULL, luv__read_start(l, r)) \
  X(file_write, 1, "", WRITTEN, NULL, luv__write_start(l, r)) \
  X(file_seek, 1, "", SIZE, NULL, uv_fs_fstat(l, q, r->d->fd, cb)) \
  X(file_close, 1, "", CLOSED, NULL, uv_fs_close(l, q, r->d->fd, cb)) \
  X(fs_next_line, 1, "", LINE, NULL, luv__read_start(l, r)) \
  X(dir_next, 1, "", ENTRY, NULL, luv__dir_start(l, r)) \
  X(fs_sendfile, 1, "", SENT, NULL, luv__send_start(l, r))

#endif
