/* fs_lines.c - the lines of a file, however large: what is in memory is one line and the
 * piece it was read with. Read ahead stays in the descriptor; the position of a file that
 * can seek is that of the line which comes next. */
#include <limits.h>
#include <stdio.h>
#include "fs.h"

#define LONGEST (16u << 20) /* of a line whose end does not come */

typedef struct { const char *p; size_t len, skip; } cut;

/* The next line of what has been read; 1: there is one, 0: no end of line yet. */
static int find(luv_desc *d, int at_end, cut *c) {
  const char *p = d->in.p + d->in.head, *nl;
  size_t n = d->in.len;
  nl = n > d->scanned ? memchr(p + d->scanned, '\n', n - d->scanned) : NULL;
  d->scanned = n;
  if (!nl && (!at_end || n == 0)) return 0;
  c->p = p;
  c->len = nl ? (size_t)(nl - p) : n;
  c->skip = nl ? c->len + 1 : n;
  if (nl && c->len && p[c->len - 1] == '\r') c->len--;
  return 1;
}

static luv_bytes take(luv_desc *d, const cut *c) {
  if (d->seekable) d->pos += (int64_t)c->skip;
  return luv__desc_take(d, c->p, c->len, c->skip);
}

/* Takes the line for r; 0: there is none yet. */
static int take_line(luv_fsreq *r, int at_end) {
  luv_desc *d = r->d;
  luv_bytes h;
  cut c;
  if (!find(d, at_end, &c)) return 0;
  if (r->cap < c.len) {
    char *p = realloc(r->buf, c.len);
    if (!p) return (r->result = UV_ENOMEM, 1);
    r->buf = p;
    r->cap = c.len;
  }
  h = take(d, &c);
  memcpy(r->buf, h.p, h.n);
  r->total = h.n;
  h.release(h.ud);
  return 1;
}

/* Who has only waited for its turn finds the line here. */
int luv__line_prepare(luv_fsreq *r) { return take_line(r, 0) ? 1 : luv__read_prepare(r); }

/* A piece has come from the pool: its bytes are the descriptor's, whoever waits. */
int luv__line_more(luv_fsreq *r) {
  luv_desc *d = r->d;
  if (r->result == UV_ECANCELED && r->f) return luv__fs_launch(r) == 0;
  if (d->closed) return 0;
  if (r->result > 0 && luv__buffer_append(&d->in, r->buf, (size_t)r->result)) r->result = UV_ENOMEM;
  if (!r->f || r->result < 0 || take_line(r, r->result == 0)) return 0;
  if (r->result == 0) r->result = UV_EOF;
  else if (d->in.len >= LONGEST) r->result = UV_EMSGSIZE;
  else if (luv__fs_launch(r) == 0) return 1;
  return 0;
}

int luv__push_line(luv_fsreq *r, lua_State *W) {
  lua_pushlstring(W, r->buf, (size_t)r->total);
  return 1;
}

/* The end of luv.fs.lines: nobody else has the file. */
static int ended(lua_State *L, luv_desc *d, int err) {
  luv_box *b = luv__tobox(L, 1, luv__class_file.id);
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s", d->path ? d->path : "");
  if (err == UV_EOF && d->once) luv__object_close(b->o);
  return luv__fail_about(L, err, path, NULL);
}

static int line_in_place(luv_state *S, lua_State *L, luv_desc *d) {
  cut c;
  int64_t got = 1;
  if (d->active || !queue_empty(&d->turn)) return 0;
  while (!find(d, got == 0, &c)) {
    if (got == 0) return ended(L, d, UV_EOF);
    if (d->in.len >= LONGEST) return luv__fs_fail_at(L, UV_EMSGSIZE, d->path);
    got = luv__fs_of(S)->in_place && !d->wait_only
      ? luv__read_now(S, d, LUV_FS_DEFAULT, d->seekable ? d->pos + (int64_t)d->in.len : -1) : UV_EAGAIN;
    if (got == UV_EAGAIN) return 0;
    luv__fs_of(S)->here++;
    if (got < 0) return luv__fs_fail_at(L, (int)got, d->path);
    if (luv__buffer_append(&d->in, luv__fs_of(S)->buf, (size_t)got)) return luv__fail(L, UV_ENOMEM);
  }
  return luv__push_bytes(S, L, 0, take(d, &c));
}

/* line = nextline(): upvalue 2 is the file */
int luv_fs_next_line(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fs_call c;
  luv_desc *d;
  int n;
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(2));
  d = luv__check_file(S, L, 1, 0, "lines");
  luv__check_cancel(S, L);
  if (!d) return luv__fail(L, UV_EBADF);
  if (!luv__hogging(S, L) && (n = line_in_place(S, L, d))) return n;
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(fs_next_line);
  c.d = d;
  return luv__fs_wait(S, L, &c, LUV_NO_TIMEOUT);
}

static const luv_face line_face = {.fn = luv_fs_next_line, .waits = 1};

void luv__push_lines(luv_state *S, lua_State *W) {
  ((luv_file *)luv__tobox(W, -1, luv__class_file.id)->o)->d->once = 1;
  luv__push_iterator(S, W, &line_face);
}

/* for line in file:lines() */
int luv_file_lines(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv__check_file(S, L, 1, 0, "lines");
  lua_settop(L, 1);
  luv__push_iterator(S, L, &line_face);
  return 1;
}
