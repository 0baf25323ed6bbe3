/* port.c - what a state is to the others: where calls, and answers, come in.
 *
 * Whoever puts the first mail into an empty inbox rings its state; the others need not, since it takes all
 * there is at once. The lock is for the ring alone: a state that closes is rung no more. */
#include "proxy.h"

/* ---- from any thread --------------------------------------------------------------------- */

void luv__port_drop(luv_port *p) {
  if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL)) return;
  luv__core_drop(&p->thread->task.core);
  pthread_mutex_destroy(&p->lock);
  free(p);
}

static void ring(luv_port *p) {
  pthread_mutex_lock(&p->lock);
  if (p->S) luv__ring(p->S);
  pthread_mutex_unlock(&p->lock);
}

/* Pushes what is at `link` onto a list of p's; 0: it is closed. Whoever takes it may drop the last reference to p
 * at once: who is to ring has one of its own, from before. */
static int push(luv_port *p, void *list, void *item, void *link) {
  void *head = __atomic_load_n((void **)list, __ATOMIC_RELAXED);
  int held = 0;
  do {
    if (head == LUV_PORT_CLOSED) break;
    if (!head && !held) held = __atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED) > 0;
    memcpy(link, &head, sizeof head);
  } while (!__atomic_compare_exchange_n((void **)list, &head, item, 1, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
  if (!head) ring(p);
  if (held) luv__port_drop(p);
  return head != LUV_PORT_CLOSED;
}

int luv__port_post(luv_port *p, luv_mail *m) { return push(p, &p->inbox, m, &m->next); }

/* The last reference to r. */
void luv__port_return(luv_port *p, luv_ref *r) {
  if (!push(p, &p->returned, r, &r->next)) luv__ref_free(r);
}

void luv__port_cancel(luv_port *p) {
  if (!__atomic_exchange_n(&p->cancels, 1, __ATOMIC_SEQ_CST)) ring(p);
}

void luv__port_name(luv_port *p, char *text, size_t n) {
  char name[LUV_THREAD_NAME];
  luv__thread_name(p->thread, name);
  snprintf(text, n, "thread %u '%s'", p->thread->id, name);
}

/* ---- the state's own --------------------------------------------------------------------- */

static void *load(void *p) { return __atomic_load_n((void **)p, __ATOMIC_SEQ_CST); }

static int pending(luv_state *S) {
  luv_port *p = luv__proxies(S)->port;
  return load(&p->inbox) || load(&p->returned) || __atomic_load_n(&p->cancels, __ATOMIC_SEQ_CST);
}

/* Those that come first are first. */
static luv_mail *turned(luv_mail *m) {
  luv_mail *list = NULL, *next;
  for (; m; m = next) {
    next = m->next;
    m->next = list;
    list = m;
  }
  return list;
}

static luv_mail *take(luv_port *p, void *leave) {
  if (!leave && !__atomic_load_n(&p->inbox, __ATOMIC_RELAXED)) return NULL;
  return turned(__atomic_exchange_n(&p->inbox, leave, __ATOMIC_ACQ_REL));
}

/* A call that was built, and never sent since something was raised. */
static void sweep(luv_state *S) {
  luv_queue *q = &luv__proxies(S)->unsent;
  while (!queue_empty(q)) luv__mail_free(S, luv_container(q->next, luv_mail, mine));
}

static void serve(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  luv_mail *m, *next;
  if (LUV_UNLIKELY(!queue_empty(&P->unsent))) sweep(S);
  for (m = take(P->port, NULL); m; m = next) {
    next = m->next;
    if (m->answered) luv__mail_arrived(S, m);
    else luv__mail_begin(S, m);
  }
  if (LUV_UNLIKELY(__atomic_load_n(&P->port->returned, __ATOMIC_RELAXED) != NULL)) luv__refs_serve(S);
  if (LUV_UNLIKELY(__atomic_exchange_n(&P->port->cancels, 0, __ATOMIC_SEQ_CST))) luv__mails_cancel(S);
  if (LUV_UNLIKELY(P->ending)) luv__guard_serve(S);
}

/* As long as others have something of this state's they may call, and so end any wait. */
static int lone(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  if (LUV_UNLIKELY(P->locked) && !pending(S)) return S->external - luv__thread_chan_lone(S);
  return P->nheld ? -1 : 0;
}

static void look(luv_state *S, int block) {
  if (block) luv__deadlock_look(S);
  else luv__proxies(S)->locked = 0;
}

/* Who has just called will call again, though the main chunk waits for its thread's end. */
static int far(luv_state *S) { return S->now - luv__proxies(S)->last < 1000000 ? -1 : 0; }

static const luv_outside outside = {.serve = serve, .look = look, .pending = pending, .far = far, .lone = lone};

static luv_port *new_port(luv_state *S) {
  luv_port *p = aligned_alloc(64, (sizeof *p + 63) & ~(size_t)63);
  if (!p) return NULL;
  memset(p, 0, sizeof *p);
  luv__init_lock(&p->lock);
  p->refs = 1;
  p->S = S;
  p->thread = luv__thread_here(S);
  luv__core_hold(&p->thread->task.core);
  return p;
}

luv_port *luv__port(luv_state *S, lua_State *L) {
  luv_proxies *P = luv__proxies(S);
  if (LUV_LIKELY(P->port != NULL)) return P->port;
  P->port = new_port(S);
  if (!P->port) luaL_error(L, "not enough memory");
  luv__outside_add(S, &outside);
  return P->port;
}

/* ---- its end ----------------------------------------------------------------------------- */

/* Before the inbox closes: until then they come back, and nobody else frees them. */
static void give_up(luv_proxies *P) {
  luv_queue *q;
  for (q = P->out.next; q != &P->out; q = q->next) {
    luv_mail *m = luv_container(q, luv_mail, mine);
    __atomic_store_n(&m->cancelled, 1, __ATOMIC_SEQ_CST);
    luv__port_cancel(m->ref->owner);
  }
  __atomic_add_fetch(&P->port->refs, (int)P->nout, __ATOMIC_ACQ_REL); /* one for each that is lost */
}

static void end_calls(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  luv_mail *m, *next;
  for (m = take(P->port, LUV_PORT_CLOSED); m; m = next) {
    next = m->next;
    if (m->answered) {
      luv__mail_free(S, m);
      luv__port_drop(P->port);
    } else luv__mail_answer(m, LUV_MAIL_GONE);
  }
  while (!queue_empty(&P->served)) {
    m = luv_container(P->served.next, luv_mail, served);
    queue_remove(&m->served);
    if (m->at_work) m->at_work->keeper = NULL;
    luv__mail_answer(m, LUV_MAIL_GONE);
  }
}

void luv__port_close(luv_state *S) {
  luv_proxies *P = luv__proxies(S);
  luv_port *p = P->port;
  if (!p) return;
  pthread_mutex_lock(&p->lock);
  p->S = NULL;
  pthread_mutex_unlock(&p->lock);
  give_up(P);
  end_calls(S);
  sweep(S);
  while (!queue_empty(&P->got)) luv__mail_free(S, luv_container(P->got.next, luv_mail, mine));
  luv__refs_close(S);
  while (P->spare) {
    luv_mail *m = P->spare;
    P->spare = m->next;
    free(m);
  }
  P->port = NULL;
  luv__port_drop(p);
}
