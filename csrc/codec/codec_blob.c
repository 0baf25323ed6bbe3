/* codec_blob.c - blobs, and the classes whose objects pass by reference.
 *
 * A reference in a message is the id of the shared thing, which is never given to another
 * one, beside a number that is this process's own: an id from elsewhere, or of something
 * that is gone, finds nothing. */
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>
#include "codec_format.h"

void luv__blob_free(luv_blob *b) {
  uint32_t i;
  for (i = 0; i < b->nheld; i++) b->held[i].kind->drop(b->held[i].id);
  free(b->held);
  free(b->p);
  memset(b, 0, sizeof *b);
}

const luv_shared *luv__shared_named(const char *name, size_t n) {
  luv_class *c = luv__class_named(name, n);
  return c ? c->shared : NULL;
}

/* ---- once ------------------------------------------------------------------------------ */

static uint64_t process;

static void once(void) {
  if (getrandom(&process, sizeof process, GRND_NONBLOCK) != sizeof process)
    process = uv_hrtime() ^ (uint64_t)getpid() << 40;
}

uint64_t luv__process(void) {
  static pthread_once_t done = PTHREAD_ONCE_INIT;
  pthread_once(&done, once);
  return process;
}
