/* zmqpeer.c - the other end of tests/interop_test.go: plain libzmq, no luv.
 *
 *   zmqpeer ROLE ENDPOINT     echo, pull and pub bind and print where; ask, push and sub
 *                             connect
 *
 * All ends know the same messages, and the end that receives compares every byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define BIG (1 << 20)
#define COUNT 5

typedef struct { const char *p; size_t n; } frame;

static char big[BIG];
static const struct { int n; frame f[3]; } messages[COUNT] = {
  {1, {{"plain", 5}}},
  {1, {{"", 0}}},
  {3, {{"a", 1}, {"", 0}, {"b\0c", 3}}},
  {1, {{"\0\0", 2}}},
  {2, {{big, BIG}, {"after", 5}}},
};

static void check(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "zmqpeer: %s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

static int more(void *s) {
  int yes;
  size_t n = sizeof yes;
  check(zmq_getsockopt(s, ZMQ_RCVMORE, &yes, &n) == 0, "RCVMORE");
  return yes;
}

static void put(void *s, const char *p, size_t n, int flags) {
  check(zmq_send(s, p, n, flags) == (int)n, "send");
}

static void send_message(void *s, int i, const char *topic) {
  int f;
  if (topic) put(s, topic, strlen(topic), ZMQ_SNDMORE);
  for (f = 0; f < messages[i].n; f++)
    put(s, messages[i].f[f].p, messages[i].f[f].n, f + 1 < messages[i].n ? ZMQ_SNDMORE : 0);
}

static void expect(void *s, const char *p, size_t n, int last) {
  zmq_msg_t m;
  zmq_msg_init(&m);
  check(zmq_msg_recv(&m, s, 0) >= 0, "recv");
  check(zmq_msg_size(&m) == n && memcmp(zmq_msg_data(&m), p, n) == 0, "another frame than expected");
  check(more(s) == !last, "another number of frames than expected");
  zmq_msg_close(&m);
}

static void recv_message(void *s, int i, const char *topic) {
  int f;
  if (topic) expect(s, topic, strlen(topic), 0);
  for (f = 0; f < messages[i].n; f++)
    expect(s, messages[i].f[f].p, messages[i].f[f].n, f + 1 == messages[i].n);
}

static void play(void *s, const char *role) {
  const char *topic = strcmp(role, "pub") == 0 || strcmp(role, "sub") == 0 ? "t" : NULL;
  int i, sends = strcmp(role, "push") == 0 || strcmp(role, "pub") == 0;
  if (strcmp(role, "pub") == 0) expect(s, "\1t", 2, 1);
  for (i = 0; i < COUNT; i++) {
    if (strcmp(role, "ask") == 0) send_message(s, i, topic);
    if (sends) send_message(s, i, topic);
    else recv_message(s, i, topic);
    if (strcmp(role, "echo") == 0) send_message(s, i, topic);
  }
}

static int type_of(const char *role) {
  static const struct { const char *role; int type; } types[] = {
    {"echo", ZMQ_REP}, {"ask", ZMQ_REQ}, {"pull", ZMQ_PULL},
    {"push", ZMQ_PUSH}, {"pub", ZMQ_XPUB}, {"sub", ZMQ_SUB},
  };
  size_t i;
  for (i = 0; i < sizeof types / sizeof types[0]; i++)
    if (strcmp(types[i].role, role) == 0) return types[i].type;
  exit(2);
}

static void attach(void *s, int type, const char *endpoint) {
  char where[256];
  size_t n = sizeof where;
  if (type == ZMQ_SUB) check(zmq_setsockopt(s, ZMQ_SUBSCRIBE, "t", 1) == 0, "subscribe");
  if (type == ZMQ_REQ || type == ZMQ_PUSH || type == ZMQ_SUB) {
    check(zmq_connect(s, endpoint) == 0, "connect");
    return;
  }
  check(zmq_bind(s, endpoint) == 0, "bind");
  check(zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, where, &n) == 0, "LAST_ENDPOINT");
  puts(where);
  fflush(stdout);
}

int main(int argc, char **argv) {
  void *context = zmq_ctx_new(), *s;
  int i, patience = 20000;
  if (argc != 3) return 2;
  for (i = 0; i < BIG; i++) big[i] = (char)(i % 251);
  s = zmq_socket(context, type_of(argv[1]));
  zmq_setsockopt(s, ZMQ_RCVTIMEO, &patience, sizeof patience);
  zmq_setsockopt(s, ZMQ_SNDTIMEO, &patience, sizeof patience);
  attach(s, type_of(argv[1]), argv[2]);
  play(s, argv[1]);
  zmq_close(s);
  zmq_ctx_term(context); /* waits for what is not sent yet */
  return 0;
}
