/* signal.c - luv.signal: watchers that count signals.
 *
 * The handler is luv's own, not libuv's: libuv's has no alternate stack, on which Go insists,
 * drops what its pipe has no room for, and leaves the default action behind where somebody
 * else's handler was. This one counts, for each state, and wakes the loop; the loop hands
 * what was counted to the watchers, so nothing is lost but what the kernel itself merges (a
 * signal that is pending already). With the last watcher the action that was there
 * before comes back: the default, Lua's own, luv's for Ctrl-C and SIGQUIT.
 *
 * Some signals have a second reader: libuv, which hears of dead children; Go, which stops its
 * goroutines by SIGURG; whoever handles faults. Their handlers are called as well.
 *
 * libuv, whose children a host may have beside ours, sets and resets the action of SIGCHLD as
 * they come and go. As long as it has one watcher it does not: so a state that spawns
 * keeps one, `sigchld`, and our handler goes in front of libuv's. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include "luvsignal.h"
#include "stream.h"

#define MAX_SIGNAL 64

struct luv_signals {
  uint64_t watched, pending; /* atomic: a bit for each signal */
  uint64_t unblocked; /* those that the loop's thread had blocked when they began to be watched */
  uint32_t count[MAX_SIGNAL + 1]; /* atomic */
  void (*reap)(luv_state *S); /* NULL, or: SIGCHLD is watched for luv.process */
  luv_queue watchers;
};

/* Of this process. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int users[MAX_SIGNAL + 1];
static struct sigaction before[MAX_SIGNAL + 1];
static void (*libuv)(int); /* its handler of SIGCHLD */

static uint64_t bit(int sig) { return (uint64_t)1 << (sig - 1); }

/* ---- the handler ---------------------------------------------------------------------------- */

static void count(luv_state *S, int sig) {
  struct luv_signals *g = __atomic_load_n(&luv__signal_kept(S)->signals, __ATOMIC_ACQUIRE);
  if (!g || !(__atomic_load_n(&g->watched, __ATOMIC_RELAXED) & bit(sig))) return;
  __atomic_add_fetch(&g->count[sig], 1, __ATOMIC_RELAXED);
  if (!(__atomic_fetch_or(&g->pending, bit(sig), __ATOMIC_ACQ_REL) & bit(sig))) luv__wakeup(S);
}

static int is_fault(int sig) {
  return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL || sig == SIGTRAP || sig == SIGSYS;
}

/* Whoever else must hear of it. */
static void pass_on(int sig, siginfo_t *info, void *context) {
  struct sigaction *b = &before[sig];
  int fault = is_fault(sig) && info->si_code > 0;
  if (sig == SIGCHLD && libuv) libuv(sig);
  if (!fault && sig != SIGURG && sig != SIGPROF && sig != SIGRTMAX - 3 && sig != SIGRTMAX - 4) return;
  if (b->sa_flags & SA_SIGINFO) b->sa_sigaction(sig, info, context);
  else if (b->sa_handler != SIG_DFL && b->sa_handler != SIG_IGN) b->sa_handler(sig);
  else if (fault) signal(sig, SIG_DFL); /* and on return it strikes again */
}

static void on_signal(int sig, siginfo_t *info, void *context) {
  int e = errno;
  luv__states_each(count, sig);
  pass_on(sig, info, context);
  errno = e;
}

int luv__signal_is_ours(const struct sigaction *now) {
  return now->sa_flags & SA_SIGINFO && now->sa_sigaction == on_signal;
}

/* ---- the action of a signal, under the lock ----------------------------------------------------- */

/* Ours goes in front of what is there. */
static int take(int sig) {
  struct sigaction now, ours;
  if (sigaction(sig, NULL, &now)) return uv_translate_sys_error(errno);
  if (luv__signal_is_ours(&now)) return 0;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = on_signal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  before[sig] = now;
  return sigaction(sig, &ours, NULL) ? uv_translate_sys_error(errno) : 0;
}

static int is_deadly(int sig) {
  return sig == SIGHUP || sig == SIGINT || sig == SIGQUIT || sig == SIGTERM || sig == SIGALRM ||
         sig == SIGUSR1 || sig == SIGUSR2 || sig == SIGXCPU || sig == SIGVTALRM;
}

/* What was there before, unless somebody has put his own in front of ours. */
static void give_back(int sig) {
  struct sigaction now;
  if (sigaction(sig, NULL, &now) || !luv__signal_is_ours(&now)) return;
  sigaction(sig, &before[sig], NULL);
  if (!(before[sig].sa_flags & SA_SIGINFO) && before[sig].sa_handler == SIG_DFL && is_deadly(sig))
    luv__tty_default(sig);
}

static int watch(int sig) {
  int err = 0;
  if (sig < 1 || sig > MAX_SIGNAL) return UV_EINVAL;
  pthread_mutex_lock(&lock);
  err = take(sig); /* also if it is watched: somebody may have come in front */
  if (!err) users[sig]++;
  pthread_mutex_unlock(&lock);
  return err;
}

static void unwatch(int sig) {
  int last;
  pthread_mutex_lock(&lock);
  last = --users[sig] == 0;
  if (last) give_back(sig);
  pthread_mutex_unlock(&lock);
  if (last && sig == SIGINT) luv__interrupt_again();
}

/* A child of fork() starts with the actions that were there before. */
void luv__signals_forked(void) {
  struct sigaction now;
  int sig;
  for (sig = 1; sig <= MAX_SIGNAL; sig++)
    if (users[sig] && sigaction(sig, NULL, &now) == 0 && luv__signal_is_ours(&now))
      sigaction(sig, &before[sig], NULL);
}

/* ---- watchers ------------------------------------------------------------------------------------ */

/* The watchers of sig in this state: those that run. */
static int watched_here(struct luv_signals *g, int sig) {
  luv_queue *q;
  for (q = g->watchers.next; q != &g->watchers; q = q->next)
    if (luv_container(q, luv_signal, link)->signum == sig) return 1;
  return sig == SIGCHLD && g->reap;
}

static const luv_outside outside = {.serve = luv__signals_arrived};

static struct luv_signals *signals(luv_state *S) {
  struct luv_signals *g = luv__signal_kept(S)->signals;
  if (g) return g;
  g = calloc(1, sizeof *g);
  if (!g) return NULL;
  queue_init(&g->watchers);
  luv__outside_add(S, &outside);
  __atomic_store_n(&luv__signal_kept(S)->signals, g, __ATOMIC_RELEASE);
  return g;
}

luv_object *luv__signal_new(luv_state *S) {
  luv_signal *w;
  if (!signals(S)) return NULL;
  w = (luv_signal *)luv__object_new(S, luv__class_signal.id, sizeof *w);
  if (w) queue_init(&w->link);
  return w ? &w->o : NULL;
}

/* Whoever has started us may have left it blocked in all threads: then nobody would hear of it. */
static void unblock(struct luv_signals *g, int sig) {
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, sig);
  if (pthread_sigmask(SIG_UNBLOCK, &set, &old) == 0 && sigismember(&old, sig)) g->unblocked |= bit(sig);
}

/* Before the action of old is back. */
static void block_again(struct luv_signals *g, int sig) {
  sigset_t set;
  if (!(g->unblocked & bit(sig))) return;
  g->unblocked &= ~bit(sig);
  sigemptyset(&set);
  sigaddset(&set, sig);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Ends what it was watching; what has been counted stays. */
static void leave(luv_signal *w) {
  struct luv_signals *g = luv__signal_kept(w->o.S)->signals;
  if (queue_empty(&w->link)) return;
  queue_remove(&w->link);
  if (!watched_here(g, w->signum)) {
    __atomic_and_fetch(&g->watched, ~bit(w->signum), __ATOMIC_SEQ_CST);
    block_again(g, w->signum);
  }
  unwatch(w->signum);
}

int luv__signal_start(luv_object *o, int sig) {
  luv_signal *w = (luv_signal *)o;
  struct luv_signals *g = luv__signal_kept(o->S)->signals;
  int err = watch(sig);
  if (err) return err;
  luv__signals_arrived(o->S); /* what came before is not for this one */
  leave(w);
  w->signum = sig;
  w->o.events = 0;
  queue_push(&g->watchers, &w->link);
  __atomic_or_fetch(&g->watched, bit(sig), __ATOMIC_SEQ_CST);
  unblock(g, sig);
  return 0;
}

void luv__signal_stop(luv_object *o) {
  luv__signals_arrived(o->S);
  leave((luv_signal *)o);
  luv__wake_all_error(o->S, &o->waiters, UV_ECANCELED);
}

static void closing(luv_object *o) { leave((luv_signal *)o); }

luv_class luv__class_signal = {.name = "luv.signal", .closing = closing};

static void tell(luv_state *S, luv_signal *w, uint32_t n) {
  w->o.events += n;
  if (queue_empty(&w->o.waiters)) return;
  luv__wake_all(S, &w->o.waiters, LUV_OUT_COUNT, w->o.events);
  w->o.events = 0;
}

void luv__signals_arrived(luv_state *S) {
  struct luv_signals *g = luv__signal_kept(S)->signals;
  uint64_t pending;
  luv_queue *q;
  int sig;
  if (!__atomic_load_n(&g->pending, __ATOMIC_RELAXED)) return;
  pending = __atomic_exchange_n(&g->pending, 0, __ATOMIC_ACQ_REL);
  for (; pending; pending &= pending - 1) {
    uint32_t n;
    sig = __builtin_ctzll(pending) + 1;
    n = __atomic_exchange_n(&g->count[sig], 0, __ATOMIC_ACQ_REL);
    if (sig == SIGCHLD && g->reap) g->reap(S);
    for (q = g->watchers.next; n && q != &g->watchers; q = q->next) {
      luv_signal *w = luv_container(q, luv_signal, link);
      if (w->signum == sig) tell(S, w, n);
    }
  }
}

/* The state has left the list that the handler walks. */
void luv__signals_free(luv_state *S) {
  free(luv__signal_kept(S)->signals);
  luv__signal_kept(S)->signals = NULL;
}

static const luv_op next_op = {.name = "signal", .flags = LUV_OP_EXTERNAL, .begin = luv__begin_object};

/* n = watcher:next([timeout]) = watcher:wait([timeout]) */
int luv_signal_next(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_box *b = luv__tobox(L, 1, luv__class_signal.id);
  double timeout = luv__opt_timeout(S, L, 2, 1, "next");
  luv_signal *w;
  if (!b) return luv__type_error(S, L, 1, 0, "next", "luv.signal");
  luv__check_cancel(S, L);
  if (!b->o || b->o->flags & LUV_O_CLOSING) return luv__fail(L, UV_EBADF);
  w = (luv_signal *)b->o;
  luv__signals_arrived(S);
  if (w->o.events) {
    lua_pushnumber(L, (lua_Number)w->o.events);
    w->o.events = 0;
    return 1;
  }
  if (queue_empty(&w->link)) return luv__fail(L, UV_EINVAL);
  return luv__suspend(S, L, &next_op, w, 0, timeout);
}

/* ---- SIGCHLD, for luv.process ------------------------------------------------------------------------ */

static void on_child(uv_signal_t *h, int sig) {
  (void)h;
  (void)sig;
}

/* Starts h, and puts our handler in front of libuv's if that is installed by it. */
static int front(uv_signal_t *h) {
  struct sigaction old, now;
  int err;
  sigaction(SIGCHLD, NULL, &old);
  if (luv__signal_is_ours(&old)) old = before[SIGCHLD];
  if ((err = uv_signal_start(h, on_child, SIGCHLD))) return err;
  sigaction(SIGCHLD, NULL, &now);
  if (luv__signal_is_ours(&now)) return 0;
  libuv = now.sa_handler;
  err = take(SIGCHLD);
  before[SIGCHLD] = old;
  return err;
}

int luv__children_watch(luv_state *S, void (*reap)(luv_state *S)) {
  uv_signal_t *h;
  int err;
  if (luv__signal_kept(S)->sigchld) return 0;
  if (!signals(S) || !(h = calloc(1, sizeof *h))) return UV_ENOMEM;
  if ((err = uv_signal_init(S->loop, h))) {
    free(h);
    return err;
  }
  pthread_mutex_lock(&lock);
  err = front(h);
  if (!err) users[SIGCHLD]++;
  pthread_mutex_unlock(&lock);
  uv_unref((uv_handle_t *)h);
  if (err) {
    uv_close((uv_handle_t *)h, luv__handle_free);
    return err;
  }
  luv__signal_kept(S)->sigchld = h;
  luv__signal_kept(S)->signals->reap = reap;
  __atomic_or_fetch(&luv__signal_kept(S)->signals->watched, bit(SIGCHLD), __ATOMIC_SEQ_CST);
  return 0;
}

/* The state closes. libuv sets the default action with its last watcher. */
void luv__children_forget(luv_state *S) {
  struct sigaction now;
  if (!luv__signal_kept(S)->sigchld) return;
  pthread_mutex_lock(&lock);
  sigaction(SIGCHLD, NULL, &now);
  uv_close((uv_handle_t *)luv__signal_kept(S)->sigchld, luv__handle_free);
  luv__signal_kept(S)->sigchld = NULL;
  users[SIGCHLD]--;
  if (luv__signal_is_ours(&now)) {
    if (!users[SIGCHLD]) sigaction(SIGCHLD, &before[SIGCHLD], NULL);
    else sigaction(SIGCHLD, &now, NULL);
  }
  pthread_mutex_unlock(&lock);
}
