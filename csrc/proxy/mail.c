/* mail.c - calls on their way, and those that are kept to be used again. */
#include "proxy.h"

luv_mail *luv__mail_new(luv_state *S, luv_ref *r, int op) {
  luv_proxies *P = luv__proxies(S);
  luv_mail *m = P->spare;
  if (m) {
    P->spare = m->next;
    P->nspare--;
  } else {
    m = malloc(sizeof *m);
    if (!m) return NULL;
    luv__letter_init(&m->ask);
    luv__letter_init(&m->answer);
  }
  memset(m, 0, offsetof(luv_mail, ask));
  queue_init(&m->mine);
  queue_init(&m->served);
  m->op = (uint8_t)op;
  m->from = P->port;
  m->ref = r;
  luv__ref_take(r);
  queue_push(&P->unsent, &m->mine);
  return m;
}

static void empty(luv_mail *m) {
  luv__letter_clear(&m->ask);
  luv__letter_clear(&m->answer);
  luv__ref_drop(m->ref);
  free(m->traceback);
}

void luv__mail_free(luv_state *S, luv_mail *m) {
  luv_proxies *P = luv__proxies(S);
  queue_remove(&m->mine);
  empty(m);
  if (P->nspare == LUV_MAILS_SPARE) {
    free(m);
    return;
  }
  m->next = P->spare;
  P->spare = m;
  P->nspare++;
}

void luv__mail_lose(luv_mail *m) {
  luv_port *from = m->from;
  empty(m);
  free(m);
  luv__port_drop(from);
}
