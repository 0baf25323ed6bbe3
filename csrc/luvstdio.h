/* luvstdio.h - what stdio.c, stdio_io.c, read.c and write.c share. */
#ifndef LUV_LUVSTDIO_H
#define LUV_LUVSTDIO_H

#include "stream.h"

/* What stands behind a stream that libuv cannot read and write for us. */
typedef struct luv_std luv_std;

luv_std *luv__std_new(luv_stream *s, int fd, int backed);
int luv__std_fd(luv_std *d);
int luv__std_writable(luv_std *d);
/* Reads on, if it is not at it: what comes goes to luv__got and luv__read_end. */
void luv__std_read_more(luv_stream *s);
/* Bytes that could be written without waiting, UV_EAGAIN, or an error. */
int luv__std_put(luv_stream *s, const uv_buf_t *bufs, unsigned n);
/* Writes what w stands for, behind its first `done` bytes; ends in luv__write_finished. */
int luv__std_write(luv_stream *s, luv_write *w, uint64_t done);
uint64_t luv__std_unwritten(luv_std *d);
void luv__std_closing(luv_stream *s);

#endif
