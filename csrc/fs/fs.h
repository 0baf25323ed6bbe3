/* fs.h - what the files fs_*.c share: the descriptor, the request, the state's part.
 *
 * A call on a file that cannot be answered in place becomes a request (luv_fsreq) for
 * libuv's pool, made when its wait begins. The request owns all that the pool's thread
 * touches: paths, buffers, a reference to the descriptor. So whoever waits may leave at any
 * time: the request is then an orphan, its result is dropped, and what it has made is undone
 * (a file that was opened late is closed).
 *
 * An open file is a descriptor (luv_desc) that its userdata and its requests hold together:
 * the last of them closes it, so its number is never reused under a request. */
#ifndef LUV_FS_H
#define LUV_FS_H

#include "bytes.h"
#include "fs_ops.h"
#include "stream.h"

extern luv_class luv__class_file, luv__class_dir, luv__class_fs_event, luv__class_fs_poll;

typedef struct luv_fsreq luv_fsreq;
typedef struct luv_desc luv_desc;
typedef struct luv_walk luv_walk;
typedef struct luv_fs_call luv_fs_call;

#define LUV_FS_CHUNK (1u << 20)   /* a read is done in pieces of at most so much */
#define LUV_FS_DEFAULT 65536      /* bytes that read() asks for */
#define LUV_FS_COPY 65536         /* data up to this is copied into the request */
#define LUV_FS_MAX 9007199254740992.0 /* 2^53 */

typedef struct {
  const char *face, *args;
  uint8_t result;
  int (*in_place)(luv_state *S, lua_State *L, const luv_fs_call *c); /* results, 0: to the pool */
  int (*prepare)(luv_fsreq *r); /* 0: the pool is needed; a code, or 1: it is done */
  void (*work)(luv_fsreq *r);
} luv_fs_op;

#define LUV_FS_ENUM(face, waits, args, result, in_place, call) LUV_OPERATION_##face,
enum { LUV_FS_OPS(LUV_FS_ENUM) LUV_FS_OWN(LUV_FS_ENUM) LUV_OPERATIONS };
extern const luv_fs_op luv__fs_ops[LUV_OPERATIONS];
#define LUV_FS_OP(face) (&luv__fs_ops[LUV_OPERATION_##face])

struct luv_desc {
  luv_state *S;
  int refs, fd;
  int64_t pos;         /* of a file that can seek: of the next byte that a script sees */
  uint8_t seekable, local, append, regular;
  uint8_t wrote;       /* closing may take time */
  uint8_t wait_only;   /* the kernel cannot say whether a read would wait */
  uint8_t wait_write;  /* the same of writes */
  uint8_t once;        /* of luv.fs.lines: close at the end */
  uint8_t closed, serving;
  luv_fsreq *active;   /* at the position: one at a time */
  luv_fsreq *closer;   /* is to close it when the others are done */
  luv_queue turn;      /* requests that wait for `active` */
  luv_queue locks;     /* locks that wait until `given_up` is 0 */
  unsigned given_up;   /* locks that nobody waits for, and that are not undone yet */
  luv_buffer in;       /* read, and not yet seen by a script */
  size_t scanned;      /* bytes of `in` without a newline */
  luv_walk *walk;      /* of a directory */
  char *path;
};

typedef struct { luv_object o; luv_desc *d; } luv_file; /* luv.file and luv.dir */

/* What a face has understood of its arguments; it points into them. */
struct luv_fs_call {
  const luv_fs_op *op;
  luv_desc *d, *d2;
  const char *path[2];
  size_t path_len[2];
  double n[4];         /* of reads, writes and sendfile: n[1] < 0, at the position */
  int data;            /* index of what is to be written, 0: nothing */
  uint64_t total;      /* its bytes */
  luv_stream *to;      /* of sendfile */
  luv_fsreq *begun;    /* has been started already */
};

/* A device with a file system on it. */
typedef struct { uint32_t major, minor; int local; uint64_t until; } luv_mount; /* until: ns, 0: the list's */

enum { LUV_REQ_NEW, LUV_REQ_QUEUED, LUV_REQ_POOL, LUV_REQ_WAITS, LUV_REQ_DONE };

struct luv_fsreq {
  uv_fs_t fs;
  const luv_fs_op *op;
  luv_state *S;        /* NULL: it is closed */
  luv_fiber *f;        /* who waits; NULL: nobody (any more) */
  luv_queue link;      /* in luv_fs.requests */
  luv_queue turn;
  luv_queue pool;      /* in a queue of the state's crew */
  luv_desc *d, *d2;
  char *path[2];
  double n[4];
  int64_t result, offset, at;
  uint64_t done, total;/* bytes */
  char *buf;
  size_t cap;
  uv_buf_t *bufs, one;
  unsigned nbufs;
  int ref;             /* the data's anchor, or LUA_NOREF */
  luv_walk *walk;      /* what opendir has opened */
  struct luv_sending *sending; /* of a sendfile to a stream */
  struct luv_scan *scan;       /* of a recursive watch */
  struct luv_locking *locking; /* of a lock that somebody else has */
  uint8_t state, taken;
  uint8_t given_up;    /* counted in d */
  uint8_t harmless;    /* the end of the process need not wait for it */
  uint8_t todo;        /* no thread has it yet; under the crew's lock */
  uint8_t asks;        /* for the file system as well: */
  luv_mount found;
  volatile int stop;   /* nobody waits: a long job may end */
  void (*work)(luv_fsreq *r);
};

typedef struct luv_fs {
  luv_queue requests;
  struct luv_crew *crew; /* fs_pool.c */
  luv_fs_call call;    /* that is about to be suspended */
  luv_fsreq *last;     /* being delivered */
  int in_place;        /* LUV_FS_INLINE */
  int ref_stat;        /* makes a stat table */
  char *buf;           /* for reads in place */
  struct luv_recent *recent; /* fs_recent.c */
  luv_mount *mounts;
  int nmounts;
  uint64_t looked;     /* at the mounts, ns */
  int unknown;         /* a device was met that nothing is known of: the next request asks */
  uint64_t here, pooled, pending; /* calls answered in place, handed over, now there */
  struct luv_inotify *inotify;
} luv_fs;

/* ---- fs_op.c: a call from its face to its result -------------------------------- */

extern luv_room luv__fs_room;
#define luv__fs_of(S) (*(luv_fs **)luv__room_data(S, &luv__fs_room)) /* NULL: no file has been used */
luv_fs *luv__fs(luv_state *S);
int luv__fs_wait(luv_state *S, lua_State *L, const luv_fs_call *c, double timeout);
luv_fsreq *luv__fsreq_new(luv_state *S, const luv_fs_call *c);
void luv__fsreq_free(luv_fsreq *r);
int luv__fs_launch(luv_fsreq *r);
void luv__fs_launch_job(luv_fsreq *r, void (*work)(luv_fsreq *));
void luv__fs_settle(luv_fsreq *r);
void luv__fs_arrived(luv_fsreq *r);
int luv__fs_fail_at(lua_State *L, int err, const char *path);

/* ---- fs_pool.c: to a thread of the pool and back ----------------------------------- */

struct luv_crew *luv__crew_new(luv_state *S);
void luv__crew_free(struct luv_crew *c);
void luv__crew_stop(struct luv_crew *c);
void luv__pool_put(luv_fsreq *r);
void luv__pool_cancel(luv_fsreq *r); /* if no thread has it yet: it arrives all the same */

/* ---- fs_args.c ---------------------------------------------------------------------- */

void luv__fs_parse(luv_state *S, lua_State *L, luv_fs_call *c, const luv_fs_op *op);
const char *luv__fs_name(const luv_fs_op *op);
uint64_t luv__fs_count(luv_state *S, lua_State *L, int idx, int arg, const char *fname, uint64_t otherwise);

/* ---- fs_result.c ----------------------------------------------------------------------- */

int luv__fs_push(luv_fsreq *r, lua_State *L, lua_State *W);
int luv__push_stat(luv_state *S, lua_State *W, const uv_stat_t *s);
struct statx;
void luv__stat_of(uv_stat_t *s, const struct statx *x);
void luv__job_statx(luv_fsreq *r); /* on a thread of the pool */
int luv__push_statx(luv_fsreq *r, lua_State *W);
const char *luv__fs_type(unsigned mode);
const char *luv__dirent_type(int type);

/* ---- fs_desc.c ------------------------------------------------------------------------- */

luv_desc *luv__desc_new(luv_state *S, int fd, const char *path, int flags);
void luv__desc_release(luv_desc *d);
void luv__desc_next(luv_desc *d);
luv_desc *luv__check_file(luv_state *S, lua_State *L, int idx, int arg, const char *fname);
int luv__file_into(luv_state *S, luv_box *b, luv_desc *d);
void luv__desc_unread(luv_desc *d);
luv_bytes luv__desc_take(luv_desc *d, const char *p, size_t n, size_t skip);

/* ---- fs_file.c, fs_lines.c, fs_lock.c, fs_send.c, fs_dir.c ---------------------------------------- */

int luv__read_prepare(luv_fsreq *r);
int luv__write_prepare(luv_fsreq *r);
int luv__send_prepare(luv_fsreq *r);
int luv__dir_prepare(luv_fsreq *r);
void luv__send_some(luv_fsreq *r); /* on a thread of the pool */
int luv__read_more(luv_fsreq *r);
int luv__line_prepare(luv_fsreq *r);
int luv__line_more(luv_fsreq *r);
int luv__write_more(luv_fsreq *r);
int luv__send_more(luv_fsreq *r);
void luv__job_lock(luv_fsreq *r);
int luv__lock_more(luv_fsreq *r);
void luv__lock_end(luv_fsreq *r);
int luv__lock_queue(luv_fsreq *r);
void luv__lock_give_up(luv_fsreq *r);
int luv__lock_remains(luv_fsreq *r);
void luv__lock_undone(luv_fsreq *r);
int luv__send_hold(luv_state *S, luv_fsreq *r, luv_stream *to);
void luv__send_end(luv_fsreq *r);
void luv__send_stop(luv_fsreq *r);
int luv__send_waits(const luv_fsreq *r); /* for the socket, not in the pool */
int luv__push_line(luv_fsreq *r, lua_State *W);
void luv__push_lines(luv_state *S, lua_State *W);
void luv__push_walker(luv_state *S, lua_State *W);
int luv__push_entry(luv_fsreq *r, lua_State *W);
void luv__dir_ended(lua_State *L, luv_desc *d);
void luv__walk_free(luv_walk *w);
int luv__dir_more(luv_fsreq *r);

/* ---- fs_event.c, fs_poll.c ---------------------------------------------------------------- */

void luv__watch_close(luv_state *S);
int luv__watch_into(luv_state *S, lua_State *W, luv_box *b, int at, const char *path);
int luv__tree_into(luv_fsreq *r, lua_State *W, luv_box *b);
void luv__scan_free(struct luv_scan *s);
int luv__scan_first(luv_fsreq *r); /* on a thread of the pool */
void luv__job_scan(luv_fsreq *r);
void luv__tree_scanned(luv_fsreq *r);
luv_object *luv__file_adopt(luv_state *S, int fd, int kind);
extern const luv_op luv__op_change; /* of a watched file */
int luv__push_event(luv_object *o, lua_State *W);
int luv__push_poll(luv_state *S, luv_object *o, lua_State *W);

/* ---- fs_inline.c -------------------------------------------------------------------------- */

int luv__try_open(luv_state *S, lua_State *L, const luv_fs_call *c);
int luv__try_watch(luv_state *S, lua_State *L, const luv_fs_call *c);
int luv__try_stat(luv_state *S, lua_State *L, const luv_fs_call *c);
int luv__try_lstat(luv_state *S, lua_State *L, const luv_fs_call *c);
int luv__try_fstat(luv_state *S, lua_State *L, const luv_fs_call *c);
int luv__try_readfile(luv_state *S, lua_State *L, const luv_fs_call *c);
/* Pushes what the last read in place has brought, with its size if it is counted. */
int luv__push_read(luv_state *S, lua_State *L, int counted, size_t n);
/* Bytes read into S's buffer, an error, or UV_EAGAIN: ask the pool. */
int64_t luv__read_now(luv_state *S, luv_desc *d, uint64_t n, int64_t offset);
int64_t luv__write_now(luv_desc *d, const uv_buf_t *bufs, unsigned n, int64_t offset);
int64_t luv__size_now(luv_desc *d);
int luv__is_local(luv_state *S, unsigned major, unsigned minor);
void luv__mount_ask(luv_fsreq *r);   /* on a thread of the pool */
void luv__mount_learn(luv_fsreq *r); /* on the loop's */
/* Whether to try in place: now and then the pool gets one, so that the others have their turn. */
static inline int luv__fs_here(luv_state *S, lua_State *L) { return luv__fs_of(S)->in_place && !luv__hogging(S, L); }
void luv__desc_look(luv_desc *d);

/* ---- fs_recent.c: names that have just been found in memory --------------------------------- */

void luv__recent_add(luv_state *S, const char *path, size_t n, unsigned mode);
unsigned luv__recent(luv_state *S, const char *path, size_t n);
void luv__recent_forget(luv_state *S, const char *path);
int luv__recent_forget_all(luv_state *S, lua_State *L, const luv_fs_call *c);

/* ---- fs_job.c, fs_copy.c, fs_rmrf.c, fs_walk.c: on a thread of the pool ------------------- */

void luv__job_open(luv_fsreq *r);
void luv__job_look(luv_fsreq *r);
void luv__job_mkstemp(luv_fsreq *r);
void luv__job_mkdtemp(luv_fsreq *r);
void luv__job_undo(luv_fsreq *r);
void luv__job_chdir(luv_fsreq *r);
void luv__job_read(luv_fsreq *r);
void luv__job_readfile(luv_fsreq *r);
void luv__job_writefile(luv_fsreq *r);
void luv__job_copyfile(luv_fsreq *r);
int luv__write_fully(int fd, const char *p, size_t n, uint64_t *done); /* NULL: nobody counts */
void luv__job_mkdirp(luv_fsreq *r);
void luv__job_rmrf(luv_fsreq *r);
void luv__job_opendir(luv_fsreq *r);
void luv__job_walk(luv_fsreq *r);
void luv__job_fill(luv_fsreq *r);

/* What the state's end, and its loop, ask of its files. */
void luv__pool_collect(luv_state *S);
void luv__pool_look(luv_state *S, int block);
uint64_t luv__fs_pending(luv_state *S);
void luv__fs_state_close(luv_state *S);
void luv__fs_state_free(luv_state *S);

#endif
