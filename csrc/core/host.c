/* host.c - between the host's stack and those of fibers; see stack.h.
 *
 * AddressSanitizer and ThreadSanitizer are told of each switch, before and after. */
#include "stack.h"
#include "switch.h"

__thread luv_host *luv__host __attribute__((tls_model("initial-exec")));

#ifdef __SANITIZE_ADDRESS__
void __asan_unpoison_memory_region(void const volatile *p, size_t n);
void __sanitizer_start_switch_fiber(void **fake, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake, const void **bottom, size_t *size);
#define ASAN_TO(fake, low, size) __sanitizer_start_switch_fiber(fake, low, size)
#define ASAN_CAME(fake, low, size) __sanitizer_finish_switch_fiber(fake, low, size)
#else
#define ASAN_TO(fake, low, size) ((void)0)
#define ASAN_CAME(fake, low, size) ((void)0)
#endif

#ifdef __SANITIZE_THREAD__
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void __tsan_destroy_fiber(void *fiber);
static void tsan_to_stack(luv_stack *s) {
  if (!s->tsan) s->tsan = __tsan_create_fiber(0);
  __tsan_switch_to_fiber(s->tsan, 0);
}
#define TSAN_FORGET(s) ((s)->tsan ? __tsan_destroy_fiber((s)->tsan), (s)->tsan = NULL : NULL)
#define TSAN_HOST(h) ((h)->tsan = __tsan_get_current_fiber())
#define TSAN_TO_STACK(s) tsan_to_stack(s)
#define TSAN_TO_HOST(h) __tsan_switch_to_fiber((h)->tsan, 0)
#else
#define TSAN_HOST(h) ((void)0)
#define TSAN_TO_STACK(s) ((void)0)
#define TSAN_TO_HOST(h) ((void)0)
#define TSAN_FORGET(s) ((void)0)
#endif

void luv__stack_forget(luv_stack *s) {
  (void)s;
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(s->low, s->size);
#endif
  TSAN_FORGET(s);
}


/* The first of a run comes from the host. */
void luv__stack_begun(void) {
  if (luv__host->begun) ASAN_CAME(NULL, NULL, NULL);
  else ASAN_CAME(NULL, &luv__host->low, &luv__host->size);
  luv__host->begun = 1;
}

void luv__host_enter(luv_host *h) {
  luv_stack *s = h->stack;
  TSAN_HOST(h);
  TSAN_TO_STACK(s);
  ASAN_TO(&h->fake, s->low, s->size);
  luv__switch(&h->sp, s->sp);
  ASAN_CAME(h->fake, NULL, NULL);
}

void luv__host_leave(luv_host *h) {
  luv_stack *s = h->left = h->stack;
  h->stack = NULL;
  TSAN_TO_HOST(h);
  ASAN_TO(&s->fake, h->low, h->size);
  luv__switch(&s->sp, h->sp);
  luv__host->begun = 1;
  ASAN_CAME(s->fake, &luv__host->low, &luv__host->size);
}

void luv__stack_hop(luv_host *h, luv_stack *from, luv_stack *to) {
  h->stack = to;
  TSAN_TO_STACK(to);
  ASAN_TO(&from->fake, to->low, to->size);
  luv__switch(&from->sp, to->sp);
  ASAN_CAME(from->fake, NULL, NULL);
}

void luv__stack_drop(luv_host *h, luv_stack *to) {
  void *dropped;
  h->stack = to;
  TSAN_TO_STACK(to);
  ASAN_TO(NULL, to->low, to->size);
  luv__switch(&dropped, to->sp);
  __builtin_unreachable();
}

/* Only where a fiber runs is there anything to leave. */
void luv__on_host(void (*fn)(void *arg), void *arg) {
  luv_host *h = luv__host;
  luv_stack *s = h ? h->stack : NULL;
  if (!s) {
    fn(arg);
    return;
  }
  h->fn = fn;
  h->arg = arg;
  luv__host_leave(h);
}
