/* fs_req.c - a request: made from what a face has understood, freed when its result is
 * delivered or nobody wants it. It owns all that a thread of the pool touches. */
#include "fs.h"

static char *copy_path(char *to, luv_fsreq *r, const luv_fs_call *c, int i) {
  if (!c->path[i]) return to;
  memcpy(to, c->path[i], c->path_len[i] + 1);
  r->path[i] = to;
  return to + c->path_len[i] + 1;
}

luv_fsreq *luv__fsreq_new(luv_state *S, const luv_fs_call *c) {
  size_t size = sizeof(luv_fsreq) + (c->path[0] ? c->path_len[0] + 1 : 0) + (c->path[1] ? c->path_len[1] + 1 : 0);
  luv_fsreq *r = malloc(size);
  if (!r) return NULL;
  memset(r, 0, sizeof *r);
  r->S = S;
  r->op = c->op;
  r->ref = LUA_NOREF;
  r->total = c->total;
  memcpy(r->n, c->n, sizeof r->n);
  copy_path(copy_path((char *)(r + 1), r, c, 0), r, c, 1);
  if ((r->d = c->d)) r->d->refs++;
  if ((r->d2 = c->d2)) r->d2->refs++;
  queue_init(&r->turn);
  queue_init(&r->pool);
  queue_push(&luv__fs_of(S)->requests, &r->link);
  return r;
}

static int makes(int result) {
  return result == LUV_FS_FILE || result == LUV_FS_LINES || result == LUV_FS_WATCH ||
         result == LUV_FS_TEMP_FILE || result == LUV_FS_TEMP_DIR;
}

/* What was made and nobody took is undone, in the pool; 1: it is not ended before. */
static int undo(luv_fsreq *r) {
  if (r->taken || r->result < 0 || r->state != LUV_REQ_DONE) return 0;
  if (!makes(r->op->result) && !luv__lock_remains(r)) return 0;
  r->taken = 1;
  if (r->S && !r->S->dead) return luv__fs_launch_job(r, luv__job_undo), 1;
  luv__job_undo(r);
  return 0;
}

void luv__fsreq_free(luv_fsreq *r) {
  if (undo(r)) return;
  queue_remove(&r->link);
  if (r->state == LUV_REQ_DONE) uv_fs_req_cleanup(&r->fs);
  if (r->S && r->ref != LUA_NOREF) luaL_unref(r->S->M, LUA_REGISTRYINDEX, r->ref);
  if (r->bufs != &r->one) free(r->bufs);
  free(r->buf);
  if (r->sending) luv__send_end(r);
  if (r->locking) luv__lock_end(r);
  if (r->given_up) luv__lock_undone(r);
  if (r->scan) luv__scan_free(r->scan);
  if (r->walk) luv__walk_free(r->walk);
  if (r->d) luv__desc_release(r->d);
  if (r->d2) luv__desc_release(r->d2);
  free(r);
}
