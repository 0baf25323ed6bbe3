/* fs_ops.h - the operations on files, one row each: the face that Lua calls, that it can
 * wait, the kinds of its arguments, the kind of its result, what is tried in place first
 * (NULL: nothing), and the call, which a thread of libuv's pool makes.
 *
 * Arguments: p path, m perm, n count or offset, i id, t time, a access mode, c copyfile's
 * flags, o open mode, d data, w writefile's options, s statx's, r watch's, which
 * may be left out, F file, * ignored; ? after one: it is
 * optional. A timeout follows the last. In the calls r is the request, UV what each call of
 * libuv begins with; P(i) is path i, and N(i) the number that argument i came to. */
#ifndef LUV_FS_OPS_H
#define LUV_FS_OPS_H

/* What a script sees of an operation. From LUV_FS_OK on it has changed nothing. */
enum {
  LUV_FS_TRUE, LUV_FS_SELF, LUV_FS_WRITTEN, LUV_FS_SENT, LUV_FS_TEMP_DIR, LUV_FS_TEMP_FILE,
  LUV_FS_CLOSED,
  LUV_FS_OK, LUV_FS_FILE, LUV_FS_LINES, LUV_FS_WATCH, LUV_FS_STAT, LUV_FS_STATX, LUV_FS_STATFS, LUV_FS_TEXT, LUV_FS_LIST,
  LUV_FS_NAMES, LUV_FS_DATA, LUV_FS_WHOLE, LUV_FS_LINE, LUV_FS_SIZE, LUV_FS_DIR, LUV_FS_WALK,
  LUV_FS_ENTRY
};

#define LUV_FS_OPS(X) \
  X(fs_open, 1, "po?m?", FILE, luv__try_open, JOB(luv__job_open)) \
  X(fs_lines, 1, "p", LINES, luv__try_open, JOB(luv__job_open)) \
  X(fs_watch, 1, "pr?", WATCH, luv__try_watch, JOB(luv__job_look)) \
  X(fs_unlink, 1, "p", TRUE, NULL, uv_fs_unlink(UV, P(0), NULL)) \
  X(fs_mkdir, 1, "pm?", TRUE, NULL, uv_fs_mkdir(UV, P(0), PERM(1, 0777), NULL)) \
  X(fs_rmdir, 1, "p", TRUE, NULL, uv_fs_rmdir(UV, P(0), NULL)) \
  X(fs_rename, 1, "pp", TRUE, NULL, uv_fs_rename(UV, P(0), P(1), NULL)) \
  X(fs_link, 1, "pp", TRUE, NULL, uv_fs_link(UV, P(0), P(1), NULL)) \
  X(fs_symlink, 1, "pp*?", TRUE, NULL, uv_fs_symlink(UV, P(0), P(1), 0, NULL)) \
  X(fs_readlink, 1, "p", TEXT, NULL, uv_fs_readlink(UV, P(0), NULL)) \
  X(fs_realpath, 1, "p", TEXT, NULL, uv_fs_realpath(UV, P(0), NULL)) \
  X(fs_chmod, 1, "pm", TRUE, NULL, uv_fs_chmod(UV, P(0), (int)N(1), NULL)) \
  X(fs_chown, 1, "pii", TRUE, NULL, uv_fs_chown(UV, P(0), ID(1), ID(2), NULL)) \
  X(fs_lchown, 1, "pii", TRUE, NULL, uv_fs_lchown(UV, P(0), ID(1), ID(2), NULL)) \
  X(fs_utime, 1, "ptt", TRUE, NULL, uv_fs_utime(UV, P(0), N(1), N(2), NULL)) \
  X(fs_lutime, 1, "ptt", TRUE, NULL, uv_fs_lutime(UV, P(0), N(1), N(2), NULL)) \
  X(fs_stat, 1, "p", STAT, luv__try_stat, uv_fs_stat(UV, P(0), NULL)) \
  X(fs_lstat, 1, "p", STAT, luv__try_lstat, uv_fs_lstat(UV, P(0), NULL)) \
  X(fs_statx, 1, "ps?", STATX, NULL, JOB(luv__job_statx)) \
  X(fs_statfs, 1, "p", STATFS, NULL, uv_fs_statfs(UV, P(0), NULL)) \
  X(fs_access, 1, "pa?", OK, NULL, uv_fs_access(UV, P(0), (int)N(1), NULL)) \
  X(fs_copyfile, 1, "ppc?", TRUE, NULL, JOB(luv__job_copyfile)) \
  X(fs_mkdtemp, 1, "p", TEMP_DIR, NULL, JOB(luv__job_mkdtemp)) \
  X(fs_mkstemp, 1, "p", TEMP_FILE, NULL, JOB(luv__job_mkstemp)) \
  X(fs_scandir, 1, "p", LIST, NULL, uv_fs_scandir(UV, P(0), 0, NULL)) \
  X(fs_readdir, 1, "p", NAMES, NULL, uv_fs_scandir(UV, P(0), 0, NULL)) \
  X(fs_chdir, 1, "p", TRUE, luv__recent_forget_all, JOB(luv__job_chdir)) \
  X(fs_readfile, 1, "p", WHOLE, luv__try_readfile, JOB(luv__job_readfile)) \
  X(fs_writefile, 1, "pdw?", TRUE, NULL, JOB(luv__job_writefile)) \
  X(fs_mkdirp, 1, "pm?", TRUE, NULL, JOB(luv__job_mkdirp)) \
  X(fs_rmrf, 1, "p", TRUE, NULL, JOB(luv__job_rmrf)) \
  X(fs_opendir, 1, "p", DIR, NULL, JOB(luv__job_opendir)) \
  X(fs_walk, 1, "p", WALK, NULL, JOB(luv__job_walk)) \
  X(file_stat, 1, "F", STAT, luv__try_fstat, uv_fs_fstat(UV, r->d->fd, NULL)) \
  X(file_sync, 1, "F", SELF, NULL, uv_fs_fsync(UV, r->d->fd, NULL)) \
  X(file_datasync, 1, "F", SELF, NULL, uv_fs_fdatasync(UV, r->d->fd, NULL)) \
  X(file_truncate, 1, "Fn", SELF, NULL, uv_fs_ftruncate(UV, r->d->fd, (int64_t)N(1), NULL)) \
  X(file_utime, 1, "Ftt", SELF, NULL, uv_fs_futime(UV, r->d->fd, N(1), N(2), NULL)) \
  X(file_chmod, 1, "Fm", SELF, NULL, uv_fs_fchmod(UV, r->d->fd, (int)N(1), NULL)) \
  X(file_chown, 1, "Fii", SELF, NULL, uv_fs_fchown(UV, r->d->fd, ID(1), ID(2), NULL))

/* Those whose faces are written out: fs_file.c, fs_lines.c, fs_lock.c, fs_dir.c, fs_send.c. Instead of
 * what is tried in place: what the loop's thread does before each call. */
#define LUV_FS_OWN(X) \
  X(file_read, 1, "", DATA, luv__read_prepare, JOB(luv__job_read)) \
  X(file_write, 1, "", WRITTEN, luv__write_prepare, uv_fs_write(UV, r->d->fd, r->bufs, r->nbufs, r->at, NULL)) \
  X(file_seek, 1, "", SIZE, NULL, uv_fs_fstat(UV, r->d->fd, NULL)) \
  X(file_lock, 1, "", SELF, NULL, JOB(luv__job_lock)) \
  X(file_close, 1, "", CLOSED, NULL, uv_fs_close(UV, r->d->fd, NULL)) \
  X(fs_next_line, 1, "", LINE, luv__line_prepare, JOB(luv__job_read)) \
  X(dir_next, 1, "", ENTRY, luv__dir_prepare, JOB(luv__job_fill)) \
  X(fs_sendfile, 1, "", SENT, luv__send_prepare, JOB(luv__send_some))

#endif
