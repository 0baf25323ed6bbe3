/* zmq_context.h - for luv/zmq: contexts may be made from now on. It is apart from luvzmq.h, which has zmq.h. */
#ifndef LUV_ZMQ_CONTEXT_H
#define LUV_ZMQ_CONTEXT_H

void luv__zmq_allow_contexts(void);

/* libzmq's; not from zmq.h, which would make our zmq_ctx_new visible, and libzmq call it. */
void *zmq_init(int io_threads);

#endif
