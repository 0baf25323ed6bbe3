/* process_fd.c - the descriptor that a child gets of a stream, a file or a file of Lua's. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "luvprocess.h"
#include "fs.h"
#include "pipe.h"

/* A pipe of ours does not block, which belongs to the open file: the child gets one of its own. */
static int blocking_copy(int fd) {
  int flags = fcntl(fd, F_GETFL);
  struct stat st;
  char path[40];
  if (flags < 0 || !(flags & O_NONBLOCK) || fstat(fd, &st) || !S_ISFIFO(st.st_mode)) return -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, (flags & O_ACCMODE) | O_CLOEXEC | O_NONBLOCK);
}

static int of_stream(luv_stream *s, int fd, int *own) {
  int copy = blocking_copy(fd);
  *own = copy >= 0;
  if (*own) fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) & ~O_NONBLOCK);
  else if (!(s->o.flags & (LUV_O_LISTENING | LUV_O_SHY)) && s->o.class_id != luv__class_stdio.id)
    luv__leave_flags(s, (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0); /* the child shares them: it blocks */
  return *own ? copy : fd;
}

/* A file of luv's keeps its own position: the child goes on from there. */
static int of_file(luv_object *o) {
  luv_desc *d = ((luv_file *)o)->d;
  if (!d || d->fd < 0) return UV_EBADF;
  if (d->seekable && !d->append) lseek(d->fd, d->pos, SEEK_SET);
  return d->fd;
}

int luv__object_fd(luv_object *o, int *own) {
  uv_os_fd_t fd;
  int err;
  *own = 0;
  if (!o || o->flags & LUV_O_CLOSING) return UV_EBADF;
  if (o->class_id == luv__class_file.id) return of_file(o);
  if (o->flags & LUV_O_STREAM) {
    err = luv__descriptor(o, &fd);
    return err ? err : of_stream((luv_stream *)o, fd, own);
  }
  if (!(o->flags & LUV_O_HANDLE)) return UV_EINVAL;
  err = uv_fileno(luv__handle(o), &fd);
  return err ? err : fd;
}

/* What a Lua file holds back goes out first. */
int luv__stdio_fd(FILE *f) {
  if (!f) return UV_EBADF;
  fflush(f);
  return fileno(f);
}
