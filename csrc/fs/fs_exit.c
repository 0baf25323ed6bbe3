/* fs_exit.c - the end of a state while the pool is at work for it. */
#include <unistd.h>
#include "fs.h"
#include "quiet.h"

uint64_t luv__fs_pending(luv_state *S) { return luv__fs_of(S) ? luv__fs_of(S)->pending : 0; }

static int anchored(luv_fs *fs) {
  luv_queue *q;
  for (q = fs->requests.next; q != &fs->requests; q = q->next)
    if (luv_container(q, luv_fsreq, link)->ref != LUA_NOREF) return 1;
  return 0;
}

/* Nobody waits any more. A write whose bytes are Lua's has to end before Lua does. */
void luv__fs_state_close(luv_state *S) {
  luv_fs *fs = luv__fs_of(S);
  luv_queue *q, *next;
  if (!fs) return;
  for (q = fs->requests.next; q != &fs->requests; q = next) {
    luv_fsreq *r = luv_container(q, luv_fsreq, link);
    next = q->next;
    r->f = NULL;
    r->stop = 1;
    if (r->sending && luv__send_waits(r)) luv__send_end(r), r->state = LUV_REQ_DONE, r->result = UV_ECANCELED;
    if (r->state == LUV_REQ_DONE || r->state == LUV_REQ_WAITS) luv__fsreq_free(r);
    else if (r->state == LUV_REQ_POOL) luv__pool_cancel(r);
  }
  luv__crew_stop(fs->crew);
  luv__watch_close(S);
  while (anchored(fs)) {
    luv__uv_run(S, UV_RUN_NOWAIT);
    luv__pool_collect(S);
    usleep(200);
  }
}

static void orphan(luv_desc *d) {
  if (d) d->S = NULL;
}

/* What still hangs in the pool is left to itself. */
void luv__fs_state_free(luv_state *S) {
  luv_fs *fs = luv__fs_of(S);
  if (!fs) return;
  while (!queue_empty(&fs->requests)) {
    luv_fsreq *r = luv_container(fs->requests.next, luv_fsreq, link);
    queue_remove(&r->link);
    r->S = NULL;
    orphan(r->d);
    orphan(r->d2);
  }
  luv__crew_free(fs->crew);
  free(fs->buf);
  free(fs->recent);
  free(fs->mounts);
  free(fs);
  luv__fs_of(S) = NULL;
}

static void number(lua_State *L, const char *name, double n) {
  lua_pushnumber(L, n);
  lua_setfield(L, -2, name);
}

/* t = luv.fs.stats() */
int luv_fs_stats(lua_State *L) {
  luv_state *S = luv_enter(L);
  unsigned threads, running, queued;
  if (!luv__fs(S)) return luv__fail(L, UV_ENOMEM);
  luv__pool_count(&threads, &running, &queued);
  lua_createtable(L, 0, 6);
  number(L, "threads", threads);
  number(L, "running", running);
  number(L, "queued", queued);
  number(L, "in_place", (double)luv__fs_of(S)->here);
  number(L, "pooled", (double)luv__fs_of(S)->pooled);
  lua_pushboolean(L, luv__fs_of(S)->in_place);
  lua_setfield(L, -2, "inline");
  return 1;
}
