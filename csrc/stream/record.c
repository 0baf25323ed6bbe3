/* record.c - where what a reader wants ends: after so many bytes, a line, a delimiter, all.
 *
 * A search goes on where the last one ended (stream->scanned), so a line that comes byte
 * by byte is looked at once. A delimiter is read again from the reader's stack. */
#define _GNU_SOURCE
#include "stream.h"

static int too_long(luv_cut *c) {
  c->err = UV_EMSGSIZE;
  return LUV_END;
}

static int find(luv_stream *s, luv_view v, const char *d, size_t dn, uint64_t max, luv_cut *c) {
  size_t from = s->scanned > dn - 1 ? s->scanned - (dn - 1) : 0;
  const char *at = NULL;
  if (v.n > from)
    at = dn == 1 ? memchr(v.p + from, *d, v.n - from) : memmem(v.p + from, v.n - from, d, dn);
  c->take = at ? (size_t)(at - v.p) : v.n;
  c->skip = at ? dn : 0;
  if (c->take > max) return too_long(c);
  if (at || (s->error == UV_EOF && v.n)) return LUV_CUT; /* a last one without its end */
  s->scanned = v.n;
  return s->error ? LUV_END : LUV_MORE;
}

static int find_line(luv_stream *s, luv_view v, uint64_t max, luv_cut *c) {
  int found = find(s, v, "\n", 1, max, c);
  if (found != LUV_CUT || c->skip == 0) return found;
  if (c->take && v.p[c->take - 1] == '\r') {
    c->take--;
    c->skip++;
  }
  return LUV_CUT;
}

static int find_all(luv_stream *s, luv_view v, uint64_t max, luv_cut *c) {
  c->take = v.n;
  if (v.n > max) return too_long(c);
  if (!s->error) return LUV_MORE;
  return s->error == UV_EOF ? LUV_CUT : LUV_END;
}

/* Can the operation be served from v? Sets what to take and what to skip after it. */
int luv__record(luv_stream *s, lua_State *L, const luv_op *op, uint64_t arg, luv_view v, luv_cut *c) {
  const char *d;
  size_t dn;
  c->skip = 0;
  c->err = s->error;
  if (op == &luv__op_read) {
    c->take = v.n < arg ? v.n : (size_t)arg;
    return v.n ? LUV_CUT : s->error ? LUV_END : LUV_MORE;
  }
  if (op == &luv__op_read_exactly) {
    c->take = (size_t)arg;
    return v.n >= arg ? LUV_CUT : s->error ? LUV_END : LUV_MORE;
  }
  if (op == &luv__op_read_line) return find_line(s, v, arg, c);
  if (op != &luv__op_read_until) return find_all(s, v, arg, c);
  d = lua_tolstring(L, 2, &dn);
  return find(s, v, d, dn, arg, c);
}
