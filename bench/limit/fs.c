/* fs.c - what bench/fs.lua does, in C with uv_fs_*, through libuv's pool.
 *
 *   fs stat DIR N JOBS     fs read DIR N JOBS     operations per second, and ns of CPU: "rate N cpu N"
 *   fs write DIR N JOBS    opens a file, writes 1 MB, closes it
 *   fs cached DIR N 1      reads of 4 KB of one open file
 *   fs bulk DIR MB 1       writes so many pieces of 1 MB, reads them back: "mbps N"
 *   fs walk DIR N 1        uv_fs_scandir of all below DIR: "rate N" entries */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

static uv_loop_t *loop;
static long left, count;
static char path[4096], buffer[1 << 20];
static const char *what;

typedef struct { uv_fs_t q; int fd, step; char buf[4096]; } job;

static void next(job *j);
static void on_done(uv_fs_t *q) {
  job *j = q->data;
  if (q->result < 0) {
    fprintf(stderr, "fs: %s\n", uv_strerror((int)q->result));
    exit(1);
  }
  if (j->step == 1) j->fd = (int)q->result;
  uv_fs_req_cleanup(q);
  next(j);
}

static int writes;

static void one_file(job *j) {
  uv_buf_t b = writes ? uv_buf_init(buffer, sizeof buffer) : uv_buf_init(j->buf, sizeof j->buf);
  switch (j->step++) {
    case 0: uv_fs_open(loop, &j->q, path, writes ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0644, on_done); return;
    case 1:
      if (writes) uv_fs_write(loop, &j->q, j->fd, &b, 1, 0, on_done);
      else uv_fs_read(loop, &j->q, j->fd, &b, 1, 0, on_done);
      return;
    default: j->step = 3; uv_fs_close(loop, &j->q, j->fd, on_done);
  }
}

static void next(job *j) {
  uv_buf_t b = uv_buf_init(j->buf, sizeof j->buf);
  j->q.data = j;
  if ((writes || strcmp(what, "read") == 0) && j->step > 0 && j->step < 3) {
    one_file(j);
    return;
  }
  j->step = 0;
  if (left-- <= 0) return;
  if (strcmp(what, "stat") == 0) uv_fs_stat(loop, &j->q, path, on_done);
  else if (strcmp(what, "cached") == 0) uv_fs_read(loop, &j->q, j->fd, &b, 1, 0, on_done);
  else one_file(j);
}

static int result;
static void on_one(uv_fs_t *q) { result = (int)q->result; }

static void bulk(int fd, int write, long n) {
  uv_buf_t b = uv_buf_init(buffer, sizeof buffer);
  uv_fs_t q;
  long i;
  for (i = 0; i < n; i++) {
    if (write) uv_fs_write(loop, &q, fd, &b, 1, (int64_t)i << 20, on_one);
    else uv_fs_read(loop, &q, fd, &b, 1, (int64_t)i << 20, on_one);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_fs_req_cleanup(&q);
    if (result != (int)sizeof buffer) exit(1);
  }
}

static void walk(const char *dir) {
  uv_fs_t q;
  uv_dirent_t e;
  char sub[4096];
  uv_fs_scandir(loop, &q, dir, 0, on_one);
  uv_run(loop, UV_RUN_DEFAULT);
  while (uv_fs_scandir_next(&q, &e) == 0) {
    count++;
    snprintf(sub, sizeof sub, "%s/%s", dir, e.name);
    if (e.type == UV_DIRENT_DIR) walk(sub);
  }
  uv_fs_req_cleanup(&q);
}

int main(int argc, char **argv) {
  int i, jobs, fd;
  uint64_t start;
  double s;
  clock_t cpu;
  if (argc < 5) return 2;
  what = argv[1];
  writes = strcmp(what, "write") == 0;
  left = count = atol(argv[3]);
  jobs = atoi(argv[4]);
  loop = uv_default_loop();
  snprintf(path, sizeof path, "%s/%s", argv[2], writes || strcmp(what, "bulk") == 0 ? what : "file");
  fd = open(path, O_RDWR | O_CREAT | (strcmp(what, "bulk") == 0 ? O_TRUNC : 0), 0644);
  start = uv_hrtime();
  cpu = clock();
  if (strcmp(what, "bulk") == 0) {
    bulk(fd, 1, count);
    bulk(fd, 0, count);
  } else if (strcmp(what, "walk") == 0) {
    count = 0;
    walk(argv[2]);
  } else {
    for (i = 0; i < jobs; i++) {
      job *j = calloc(1, sizeof *j);
      j->fd = fd;
      next(j);
    }
    uv_run(loop, UV_RUN_DEFAULT);
  }
  s = (double)(uv_hrtime() - start) / 1e9;
  if (writes || strcmp(what, "bulk") == 0) unlink(path);
  if (strcmp(what, "bulk") == 0) printf("mbps %.0f\n", 2 * (double)count / s);
  else printf("rate %.0f cpu %.0f\n", (double)count / s, (double)(clock() - cpu) * 1e9 / CLOCKS_PER_SEC / (double)count);
  return 0;
}
