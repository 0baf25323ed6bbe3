/* pipe.h - what pipe.c, pipe_open.c and those who hand over descriptors share. */
#ifndef LUV_PIPE_H
#define LUV_PIPE_H

#include <sys/un.h>
#include "stream.h"

/* ---- pipe.c: unix sockets, of streams and of datagrams ---- */

int luv__unix_address(const char *p, size_t n, struct sockaddr_un *a, socklen_t *len);
size_t luv__unix_text(struct sockaddr_un *a, socklen_t len);
int luv__unix_name(luv_object *o, int peer, char *to, size_t cap);
int luv__unix_bind(int fd, const char *path, size_t n, int mode, int replace, struct luv_bound **bound);
int luv__unix_dial(int fd, const char *path, size_t n);
int luv__unix_chmod(luv_object *o, int mode);

int luv__pipe_bind(luv_stream *s, const char *path, size_t n, int mode, int replace);
int luv__pipe_socket(luv_stream *s, int *own);
int luv__pipe_connected(luv_stream *s, int fd);
int luv__pipe_open(luv_stream *s, int fd);
int luv__pollable(uv_loop_t *loop, int fd);
int luv__fd_taken(luv_state *S, int fd);

/* A descriptor of our own for what `fd` stands for: with flags of its own if the kernel
 * lets us open it again, else a duplicate, which shares them (`shares` is set). */
int luv__private_fd(int fd, int *shares);
/* After the stream has been opened on such a duplicate: gives the flags back. */
int luv__fd_arg(luv_state *S, lua_State *L, int idx, int arg, const char *fname, int *lent);
int luv__fail_fd(lua_State *L, int err, int fd);
void luv__leave_flags(luv_stream *s, int was_blocking);

/* ---- tty.c, stdio.c ---- */

int luv__tty_set_mode(luv_stream *s, int mode);
int luv__tty_winsize(luv_stream *s, int *width, int *height);
int luv__tty_set_winsize(luv_stream *s, int width, int height);
luv_stream *luv__pty_new(luv_state *S, uv_loop_t *loop, int width, int height, char *path, size_t size, int *err);
luv_stream *luv__tty_lent(luv_state *S, int fd, int *err);

#endif
