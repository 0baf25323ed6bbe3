/* zmq.c - what libzmq reaches by itself, one thread per end, as bench/zmq.lua measures luv.
 *
 *   zmq inproc N SIZE             one thread, PUSH to PULL: prints "rate N" in messages/s
 *   zmq push ENDPOINT N SIZE      connects and sends, after a first message N more
 *   zmq pull N SIZE               binds, prints where, receives: "rate N cpu N" of its own
 *   zmq proxy ENDPOINT            binds, prints where, passes on to ENDPOINT until killed
 *   zmq rep ENDPOINT              binds, prints where, answers until "end"
 *   zmq req ENDPOINT N            connects and asks: "us N" a round trip of this process
 *   zmq router                    binds, prints where, sends back what comes until "end"
 *   zmq dealer ENDPOINT N SIZE    has 64 messages under way: "rate N" in round trips/s
 *
 * inproc sends a batch and receives it, which is how two fibers on one thread take turns;
 * the batch is no more than the high-water marks hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#define BATCH 500

static void *context;

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int ok) {
  if (ok) return;
  fprintf(stderr, "zmq: %s\n", zmq_strerror(zmq_errno()));
  exit(1);
}

static void *bound(int type, const char *endpoint, int tell) {
  void *s = zmq_socket(context, type);
  char where[256];
  size_t n = sizeof where;
  must(zmq_bind(s, endpoint) == 0 && zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, where, &n) == 0);
  if (tell) puts(where);
  fflush(stdout);
  return s;
}

static void *connected(int type, const char *endpoint) {
  void *s = zmq_socket(context, type);
  must(zmq_connect(s, endpoint) == 0);
  return s;
}

static void inproc(int n, size_t size) {
  void *pull = bound(ZMQ_PULL, "inproc://bench", 0), *push = connected(ZMQ_PUSH, "inproc://bench");
  char *buffer = calloc(1, size + 1);
  double start = now(CLOCK_MONOTONIC);
  int done, i;
  for (done = 0; done < n; done += BATCH) {
    for (i = 0; i < BATCH; i++) must(zmq_send(push, buffer, size, 0) >= 0);
    for (i = 0; i < BATCH; i++) must(zmq_recv(pull, buffer, size, 0) >= 0);
  }
  printf("rate %.0f\n", done / (now(CLOCK_MONOTONIC) - start));
  fflush(stdout);
  _Exit(0);
}

static void push(const char *endpoint, int n, size_t size) {
  void *s = connected(ZMQ_PUSH, endpoint);
  char *buffer = calloc(1, size + 1);
  for (; n >= 0; n--) must(zmq_send(s, buffer, size, 0) >= 0);
  zmq_close(s);
  zmq_ctx_term(context);
}

static void pull(int n, size_t size) {
  void *s = bound(ZMQ_PULL, "tcp://127.0.0.1:*", 1);
  char *buffer = calloc(1, size + 1);
  double start;
  int i;
  must(zmq_recv(s, buffer, size, 0) >= 0);
  start = now(CLOCK_MONOTONIC);
  for (i = 0; i < n; i++) must(zmq_recv(s, buffer, size, 0) >= 0);
  printf("rate %.0f\n", n / (now(CLOCK_MONOTONIC) - start));
  fflush(stdout);
  _Exit(0);
}

static void proxy(const char *endpoint) {
  void *back = connected(ZMQ_PUSH, endpoint);
  zmq_proxy(bound(ZMQ_PULL, "tcp://127.0.0.1:*", 1), back, NULL);
}

static void rep(const char *endpoint) {
  void *s = bound(ZMQ_REP, endpoint, 1);
  char buffer[64];
  int n;
  do {
    must((n = zmq_recv(s, buffer, sizeof buffer, 0)) >= 0);
    must(zmq_send(s, buffer, (size_t)n, 0) >= 0);
  } while (n != 3 || memcmp(buffer, "end", 3) != 0);
  zmq_close(s);
  zmq_ctx_term(context);
}

static void ask(void *s, const char *question) {
  char buffer[64];
  must(zmq_send(s, question, strlen(question), 0) >= 0);
  must(zmq_recv(s, buffer, sizeof buffer, 0) >= 0);
}

static void req(const char *endpoint, int n) {
  void *s = connected(ZMQ_REQ, endpoint);
  double start;
  int i;
  for (i = 0; i < 100; i++) ask(s, "hello");
  start = now(CLOCK_MONOTONIC);
  for (i = 0; i < n; i++) ask(s, "hello");
  printf("us %.3f\n", (now(CLOCK_MONOTONIC) - start) / n * 1e6);
  fflush(stdout);
  ask(s, "end");
  _Exit(0);
}

static void router(void) {
  void *s = bound(ZMQ_ROUTER, "tcp://127.0.0.1:*", 1);
  char id[256], buffer[4096];
  int k, n;
  do {
    must((k = zmq_recv(s, id, sizeof id, 0)) >= 0 && (n = zmq_recv(s, buffer, sizeof buffer, 0)) >= 0);
    must(zmq_send(s, id, (size_t)k, ZMQ_SNDMORE) >= 0 && zmq_send(s, buffer, (size_t)n, 0) >= 0);
  } while (n != 3 || memcmp(buffer, "end", 3) != 0);
  zmq_close(s);
  zmq_ctx_term(context);
}

static void dealer(const char *endpoint, int n, size_t size) {
  void *s = connected(ZMQ_DEALER, endpoint);
  char *buffer = calloc(1, size + 1);
  double start;
  int i;
  ask(s, "hello");
  start = now(CLOCK_MONOTONIC);
  for (i = 0; i < 64; i++) must(zmq_send(s, buffer, size, 0) >= 0);
  for (i = 0; i < n; i++) {
    must(zmq_recv(s, buffer, size, 0) >= 0);
    if (i < n - 64) must(zmq_send(s, buffer, size, 0) >= 0);
  }
  printf("rate %.0f\n", n / (now(CLOCK_MONOTONIC) - start));
  fflush(stdout);
  ask(s, "end");
  _Exit(0);
}

int main(int argc, char **argv) {
  const char *mode = argc > 2 ? argv[1] : "";
  context = zmq_ctx_new();
  if (argc > 1 && strcmp(argv[1], "router") == 0) router();
  else if (strcmp(mode, "dealer") == 0) dealer(argv[2], atoi(argv[3]), (size_t)atoi(argv[4]));
  else if (strcmp(mode, "inproc") == 0) inproc(atoi(argv[2]), (size_t)atoi(argv[3]));
  else if (strcmp(mode, "push") == 0) push(argv[2], atoi(argv[3]), (size_t)atoi(argv[4]));
  else if (strcmp(mode, "pull") == 0) pull(atoi(argv[2]), (size_t)atoi(argv[3]));
  else if (strcmp(mode, "proxy") == 0) proxy(argv[2]);
  else if (strcmp(mode, "rep") == 0) rep(argv[2]);
  else if (strcmp(mode, "req") == 0) req(argv[2], atoi(argv[3]));
  else return 2;
  return 0;
}
