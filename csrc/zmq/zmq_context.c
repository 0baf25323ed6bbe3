/* zmq_context.c - keeps contexts from being made before anybody asks for one.
 *
 * Package zmq4 makes a default context as soon as the process loads it, which luv never
 * uses and which takes a tenth of the time that require has. Its call of zmq_ctx_new
 * comes here, and is refused until luv.zmq makes its first context: zmq4 keeps the error
 * for the functions of its default context. Nobody else in the process is affected: the
 * symbol is hidden, so libzmq and other modules go on to see libzmq's. */
#include <errno.h>
#include <stddef.h>
#include "zmq_context.h"

void *zmq_ctx_new(void);

static int allowed;

void luv__zmq_allow_contexts(void) { __atomic_store_n(&allowed, 1, __ATOMIC_RELAXED); }

void *zmq_ctx_new(void) {
  if (__atomic_load_n(&allowed, __ATOMIC_RELAXED)) return zmq_init(1);
  errno = ENOTSUP;
  return NULL;
}
