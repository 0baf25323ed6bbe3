/* quiet.h - writes of luv's own raise no signal: a peer that is gone is EPIPE, a file that may not
 * grow EFBIG, whoever has set what SIGPIPE and SIGXFSZ do. What others write, as print does, goes
 * its way: these are not luv's to change. What goes to a socket is told MSG_NOSIGNAL instead. */
#ifndef LUV_QUIET_H
#define LUV_QUIET_H

#include <signal.h>
#include "luv.h"

typedef struct { sigset_t before; } luv_quiet;

void luv__quiet_begin(luv_quiet *q);
/* With `failed`, a signal that the writes have raised since is dropped. */
void luv__quiet_end(luv_quiet *q, int failed);

/* uv_run, which writes what is queued. A writer counts itself here while libuv has it. */
extern __thread int luv__queued_writes __attribute__((tls_model("initial-exec")));
void luv__run_quietly(luv_state *S, uv_run_mode mode);
static inline void luv__uv_run(luv_state *S, uv_run_mode mode) {
  if (LUV_UNLIKELY(luv__queued_writes > 0)) luv__run_quietly(S, mode);
  else uv_run(S->loop, mode);
}

#endif
