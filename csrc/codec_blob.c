/* codec_blob.c - blobs, and the classes whose objects pass by reference.
 *
 * A reference in a message is the id of the shared thing, which is never given to another
 * one, beside a number that is this process's own: an id from elsewhere, or of something
 * that is gone, finds nothing. */
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>
#include "codec_format.h"

void luv__blob_free(luv_blob *b) {
  uint32_t i;
  for (i = 0; i < b->nheld; i++) b->held[i].kind->drop(b->held[i].id);
  free(b->held);
  free(b->p);
  memset(b, 0, sizeof *b);
}

/* ---- kinds ----------------------------------------------------------------------------- */

#define MAX_KINDS 8
static const luv_shared *kinds[MAX_KINDS];
static int nkinds;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void luv__codec_shared(const luv_shared *kind) {
  int i;
  pthread_mutex_lock(&lock);
  for (i = 0; i < nkinds && kinds[i] != kind; i++) {}
  if (i == MAX_KINDS) abort(); /* while the process loads its first module */
  kinds[i] = kind;
  if (i == nkinds) __atomic_store_n(&nkinds, i + 1, __ATOMIC_RELEASE);
  pthread_mutex_unlock(&lock);
}

const luv_shared *luv__shared_class(int class_id) {
  int i, n = __atomic_load_n(&nkinds, __ATOMIC_ACQUIRE);
  for (i = 0; i < n; i++)
    if (kinds[i]->class_id == class_id) return kinds[i];
  return NULL;
}

const luv_shared *luv__shared_named(const char *name, size_t len) {
  int i, n = __atomic_load_n(&nkinds, __ATOMIC_ACQUIRE);
  for (i = 0; i < n; i++)
    if (strlen(kinds[i]->name) == len && memcmp(kinds[i]->name, name, len) == 0) return kinds[i];
  return NULL;
}

/* ---- contexts of ØMQ: Go has them ------------------------------------------------------ */

static luv_shared contexts;

static uint64_t hold_context(luv_state *S, lua_State *L, int idx) {
  luv_box *b = luv__anybox(L, idx);
  (void)S;
  return b && b->o ? luv__go_share(LUV_SHARE_HOLD, b->o->slot) : 0;
}

static int push_context(luv_state *S, lua_State *L, uint64_t id) {
  luv_object *o;
  uint64_t slot = luv__go_share(LUV_SHARE_TAKE, id);
  if (!slot) return 0;
  o = luv__object_new(S, contexts.class_id, sizeof *o);
  if (!o) {
    luv__go_release(slot, 1);
    return luaL_error(L, "not enough memory");
  }
  o->slot = slot;
  luv__push_object(S, L, o);
  return 1;
}

static void drop_context(uint64_t id) { luv__go_share(LUV_SHARE_DROP, id); }

/* ---- once ------------------------------------------------------------------------------ */

extern void luv__thread_chan_once(void);

static uint64_t process;

uint64_t luv__process(void) { return process; }

static void once(void) {
  if (getrandom(&process, sizeof process, GRND_NONBLOCK) != sizeof process)
    process = uv_hrtime() ^ (uint64_t)getpid() << 40;
  contexts.name = "luv.zmq.context";
  contexts.class_id = luv__register_class(contexts.name);
  contexts.hold = hold_context;
  contexts.push = push_context;
  contexts.drop = drop_context;
  luv__codec_shared(&contexts);
  luv__thread_chan_once();
}

void luv__codec_once(void) {
  static pthread_once_t done = PTHREAD_ONCE_INIT;
  pthread_once(&done, once);
}
