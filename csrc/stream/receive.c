/* receive.c - reading the sockets that a poll has found readable, a few at a time.
 *
 * libuv reads each of them before anybody can look at the bytes. With hundreds of busy
 * connections the last one's memory, in the kernel as here, has driven the first one's out
 * of the cache by the time its fiber runs and writes: a twentieth of an echo with 500. So
 * libuv only says which ones there are (on_read), and between a few reads the fibers that
 * got something run. What was found is read before the next poll, unless that is due
 * (LUV_SLICE): then a socket that libuv reports once more is on the list already. */
#include "socket.h"
#include "stream.h"

/* Fetching in advance what the next stream and its fiber touch was tried: no gain. */
#define READS_PER_TURN 32 /* of full buffers from a stream, as libuv has it */

static void receive(luv_stream *s) {
  luv_state *S = s->o.S;
  int reads = 0;
  uv_os_fd_t fd;
  ssize_t n;
  if (uv_fileno((uv_handle_t *)&s->h, &fd) || luv__fed_up(s)) return;
  do {
    n = luv__recv(fd, luv__streams(S)->buf, LUV_READ_SIZE);
    if (LUV_LIKELY(n > 0)) luv__got(s, luv__streams(S)->buf, (size_t)n);
    else if (n != UV_EAGAIN) luv__read_end(s, n ? (int)n : UV_EOF);
  } while (n == LUV_READ_SIZE && (s->o.flags & (LUV_O_READING | LUV_O_CLOSING)) == LUV_O_READING &&
           ++reads < READS_PER_TURN && !luv__fed_up(s));
}

/* Reads up to n of them. One that is closed meanwhile leaves the list, and is not freed before
 * the next poll. */
void luv__receive(luv_state *S, unsigned n) {
  for (; n && !queue_empty(&S->unread); n--) {
    luv_stream *s = luv_container(S->unread.next, luv_stream, unread);
    queue_remove(&s->unread);
    receive(s);
  }
  S->received = S->ready.head;
}
