/* luvstdio.h - what stdio.c, stdio_io.c, read.c and write.c share. */
#ifndef LUV_LUVSTDIO_H
#define LUV_LUVSTDIO_H

#include "stream.h"

/* What stands behind a stream that libuv cannot read and write for us: an engine (stream.h). */
typedef struct luv_std luv_std;

luv_std *luv__std_new(luv_stream *s, int fd, int backed);
int luv__std_fd(luv_std *d);
int luv__std_writable(luv_std *d);

#endif
