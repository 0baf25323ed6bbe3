/* faces.h - every function of the data plane that Lua can name: its name for Go's
 * tables (bridge), and whether it can wait. LUV_FACES(X) calls X(name, waits). */
#ifndef LUV_FACES_H
#define LUV_FACES_H

#include "fs_ops.h"

#define LUV_FACES(X) \
  LUV_FS_OPS(X) LUV_FS_OWN(X) \
  X(fs_stats, 0) X(file_fileno, 0) X(file_lines, 0) X(file_path, 0) \
  X(fs_poll, 0) X(fs_event_next, 1) X(fs_poll_next, 1) \
  X(spawn, 0) X(sleep, 1) X(timeout, 0) X(self, 0) X(hrtime, 0) X(now, 0) \
  X(run, 0) X(spin, 0) X(stack_size, 0) X(install, 0) X(on_error, 0) \
  X(cancelled, 0) X(cancelled_tostring, 0) X(stats, 0) \
  X(fiber_create, 0) X(fiber_yield, 0) X(fiber_list, 0) X(fiber_loop, 0) \
  X(fiber_ready, 0) X(fiber_join, 1) X(fiber_cancel, 0) X(fiber_suspend, 1) \
  X(fiber_status, 0) X(fiber_name, 0) X(fiber_id, 0) X(fiber_traceback, 0) \
  X(fiber_waiting, 0) X(fiber_index, 0) \
  X(tcp_create, 0) \
  X(cond_create, 0) X(cond_wait, 1) X(cond_signal, 0) X(cond_broadcast, 0) \
  X(chan, 0) X(chan_put, 1) X(chan_get, 1) X(chan_try_put, 0) X(chan_try_get, 0) \
  X(chan_close, 0) X(chan_closed, 0) X(chan_len, 0) X(chan_capacity, 0) X(chan_iter, 0) \
  X(mutex_create, 0) X(mutex_lock, 1) X(mutex_try_lock, 0) X(mutex_unlock, 0) \
  X(mutex_locked, 0) X(mutex_with, 1) \
  X(semaphore_create, 0) X(semaphore_acquire, 1) X(semaphore_try_acquire, 0) \
  X(semaphore_release, 0) X(semaphore_value, 0) \
  X(waitgroup_create, 0) X(waitgroup_add, 0) X(waitgroup_done, 0) X(waitgroup_wait, 1) \
  X(waitgroup_count, 0) \
  X(event_create, 0) X(event_set, 0) X(event_clear, 0) X(event_is_set, 0) X(event_wait, 1) \
  X(dump, 0) X(watchdog, 0) X(backend_fd, 0) X(backend_timeout, 0) X(select, 1) X(scope, 1) X(scope_spawn, 0) X(scope_cancel, 0) \
  X(timer_create, 0) X(timer_start, 0) X(timer_stop, 0) X(timer_again, 0) \
  X(timer_next, 1) X(timer_set_repeat, 0) X(timer_get_repeat, 0) X(timer_due_in, 0) \
  X(stream_read, 1) X(stream_read_exactly, 1) X(stream_read_line, 1) \
  X(stream_read_until, 1) X(stream_read_all, 1) X(stream_lines, 0) \
  X(stream_unread, 0) X(stream_wait, 1) X(stream_write_some, 1) X(stream_detach, 0) X(stream_write, 1) X(stream_shutdown, 1) X(stream_accept, 1) \
  X(stream_readable, 0) X(stream_writable, 0) X(stream_start, 0) X(stream_stop, 0) \
  X(stream_write_queue_size, 0) \
  X(pipe_open, 0) X(pipe_pending, 0) X(stdio_fileno, 0) \
  X(tty_open, 0) X(tty_isatty, 0) X(tty_guess, 0) \
  X(zmq_send, 1) X(zmq_recv, 1) X(zmq_recv_multipart, 1) X(zmq_proxy, 1) \
  X(zmq_unbind, 1) X(zmq_close, 1) X(zmq_monitor_next, 1) X(zmq_auth, 0) \
  X(udp_send, 1) X(unixgram_send, 1) X(udp_recv, 1) X(udp_send_queue_size, 0) X(udp_send_queue_count, 0) \
  X(poll_create, 0) X(poll_wait, 1) X(poll_fileno, 0) \
  X(codec_encode, 0) X(codec_decode, 0) \
  X(thread_create, 0) X(thread_join, 1) X(thread_status, 0) X(thread_name, 0) \
  X(thread_detach, 0) X(thread_affinity, 0) X(thread_priority, 0) X(thread_cancel, 0) X(thread_traceback, 0) X(thread_id, 0) \
  X(thread_list, 0) X(thread_self, 0) \
  X(thread_chan, 0) X(thread_chan_put, 1) X(thread_chan_get, 1) X(thread_chan_close, 0) \
  X(thread_chan_closed, 0) X(thread_chan_len, 0) X(thread_chan_iter, 0) \
  X(thread_chan_try_put, 0) X(thread_chan_try_get, 0) X(thread_chan_capacity, 0) \
  X(thread_pool, 0) X(thread_pool_call, 1) X(thread_pool_close, 0) X(thread_pool_closed, 0) \
  X(signal_next, 1) X(process_run, 1) X(process_wait, 1) X(process_close, 0) \
  X(object_close, 0) X(object_closed, 0) X(object_gc, 0) X(object_tostring, 0)

#endif
