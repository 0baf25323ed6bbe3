/* go.c - the calls into Go. Each is made on the host's stack, whichever it comes from: stack.h
 * says why. No other file names an exported function. */
#include "luv.h"

int goOpen(uintptr_t S);
void goThread(uintptr_t thread);
void goClose(uint64_t go);
int goCall(uintptr_t call);
int goRun(uintptr_t S);
void goEvent(uint64_t go, int what, int64_t a, uintptr_t p);
void goRelease(uint64_t go, int why);
void goExit(double seconds);
uint64_t goShare(int what, uint64_t n);
void goSeal(uintptr_t data, uint64_t n, uintptr_t mac);
void goRecord(uintptr_t record);
uintptr_t goSource(uintptr_t name, uint64_t n, uint64_t *size);
int goAccepted(uint64_t listener, uintptr_t o);

/* What goes in and comes out, of whichever function. */
typedef struct {
  uint64_t n, result;
  int64_t a;
  int what;
  double seconds;
  const void *p, *q;
} call;

static void open_loop(void *c) { ((call *)c)->result = (uint64_t)goOpen((uintptr_t)((call *)c)->p); }
static void thread(void *c) { goThread((uintptr_t)((call *)c)->p); }
static void close_loop(void *c) { goClose(((call *)c)->n); }
static void answer(void *c) { goCall((uintptr_t)c); }
static void run(void *c) { ((call *)c)->result = (uint64_t)goRun((uintptr_t)((call *)c)->p); }
static void release(void *c) { goRelease(((call *)c)->n, ((call *)c)->what); }
static void leave(void *c) { goExit(((call *)c)->seconds); }
static void share(void *c) { ((call *)c)->result = goShare(((call *)c)->what, ((call *)c)->n); }

static void source(void *p) {
  call *c = p;
  c->q = (const void *)goSource((uintptr_t)c->p, c->n, &c->result);
}

static void record(void *r) { goRecord((uintptr_t)r); }
static void accepted(void *c) { ((call *)c)->a = goAccepted(((call *)c)->n, (uintptr_t)((call *)c)->p); }

static void event(void *p) {
  call *c = p;
  goEvent(c->n, c->what, c->a, (uintptr_t)c->p);
}

static void seal(void *p) {
  call *c = p;
  goSeal((uintptr_t)c->p, c->n, (uintptr_t)c->q);
}

int luv__go_open(luv_state *S) {
  call c = {.p = S};
  luv__on_host(open_loop, &c);
  return (int)c.result;
}

void luv__go_thread(void *t) {
  call c = {.p = t};
  luv__on_host(thread, &c);
}

void luv__go_close(uint64_t go) {
  call c = {.n = go};
  luv__on_host(close_loop, &c);
}

void luv__go_call(luv_call *c) { luv__on_host(answer, c); }

int luv__go_run(luv_state *S) {
  call c = {.p = S};
  luv__on_host(run, &c);
  return (int)c.result;
}

void luv__go_event(uint64_t go, int what, int64_t a, const void *p) {
  call c = {.n = go, .what = what, .a = a, .p = p};
  luv__on_host(event, &c);
}

void luv__go_release(uint64_t go, int why) {
  call c = {.n = go, .what = why};
  luv__on_host(release, &c);
}

void luv__go_exit(double seconds) {
  call c = {.seconds = seconds};
  luv__on_host(leave, &c);
}

uint64_t luv__go_share(int what, uint64_t n) {
  call c = {.n = n, .what = what};
  luv__on_host(share, &c);
  return c.result;
}

void luv__go_seal(const void *data, uint64_t n, void *mac) {
  call c = {.p = data, .n = n, .q = mac};
  luv__on_host(seal, &c);
}

void luv__go_record(luv_record *r) { luv__on_host(record, r); }

int luv__go_accepted(uint64_t listener, luv_object *o) {
  call c = {.n = listener, .p = o};
  luv__on_host(accepted, &c);
  return (int)c.a;
}

char *luv__go_source(const char *name, size_t *n) {
  call c = {.n = strlen(name), .p = name};
  luv__on_host(source, &c);
  *n = (size_t)c.result;
  return (char *)(uintptr_t)c.q;
}
