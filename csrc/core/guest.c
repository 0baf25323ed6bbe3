/* guest.c - what Go's runtime changes of the process as it starts, and luv.so puts back: the
 * process is the host's.
 *
 * Go raises the soft limit of descriptors to the hard one, for all children too, and sets a
 * handler for SIGPIPE that does nothing, so that a script whose output nobody reads would go on for
 * ever. What was there before is looked at before Go begins, hence the priority. Go's own threads
 * write to sockets (name servers), and are not to die of it: they have SIGPIPE blocked, as the
 * thread has that they are made by; and SIGINT, which would meet the default action there while
 * the host's handler changes it elsewhere. A program of Go's is its own host: there nothing is put back. */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include "luv.h"

static struct rlimit files;
static struct sigaction on_pipe;
static sigset_t blocked;
static int files_known;

__attribute__((constructor(101))) static void look(void) {
  sigset_t ours;
  files_known = getrlimit(RLIMIT_NOFILE, &files) == 0;
  sigaction(SIGPIPE, NULL, &on_pipe);
  sigemptyset(&ours);
  sigaddset(&ours, SIGPIPE);
  sigaddset(&ours, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ours, &blocked);
}

/* Go's first thread is there: its entry stands in front of those without a priority. */
__attribute__((constructor)) static void go_has_begun(void) { pthread_sigmask(SIG_SETMASK, &blocked, NULL); }

/* Called as the packages of luv.so are initialised, when Go is done. */
int luv__put_back(void) {
  struct rlimit now;
  if (files_known && getrlimit(RLIMIT_NOFILE, &now) == 0 && files.rlim_cur < now.rlim_cur) {
    now.rlim_cur = files.rlim_cur;
    setrlimit(RLIMIT_NOFILE, &now);
  }
  return sigaction(SIGPIPE, &on_pipe, NULL);
}
