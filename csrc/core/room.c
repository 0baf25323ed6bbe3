/* room.c - the rooms, and the classes that they and Go have brought: once per process. */
#include "luv.h"

luv_class *luv__classes[LUV_MAX_CLASSES];
luv_room *luv__rooms;
luv_given luv__given;
size_t luv__rooms_size;
static int nclasses;

static void add_class(luv_class *c) {
  if (nclasses == LUV_MAX_CLASSES) abort(); /* a constant number of them */
  c->id = nclasses;
  luv__classes[nclasses++] = c;
}

/* All members are pointers. */
static void take(const luv_given *gives) {
  void *const *from = (void *const *)gives;
  void **to = (void **)&luv__given;
  size_t i;
  for (i = 0; i < sizeof *gives / sizeof *from; i++)
    if (from[i]) to[i] = from[i];
}

/* As luv.so is loaded. */
void luv__room_add(luv_room *r) {
  luv_class *const *c;
  r->next = luv__rooms;
  luv__rooms = r;
  r->at = luv__rooms_size;
  luv__rooms_size += (r->size + 63) & ~(size_t)63;
  take(&r->gives);
  for (c = r->classes; c && *c; c++) add_class(*c);
}

const luv_face *luv__face_named(const char *name) {
  const luv_face *face;
  luv_room *r;
  for (r = luv__rooms; r; r = r->next)
    for (face = r->faces; face && face->fn; face++)
      if (face->name && strcmp(face->name, name) == 0) return face;
  return NULL;
}

/* The object for a descriptor that came from elsewhere. */
luv_object *luv__room_adopt(luv_state *S, int fd, int kind) {
  luv_object *o = NULL;
  luv_room *r;
  for (r = luv__rooms; r && !o; r = r->next)
    if (r->adopt) o = r->adopt(S, fd, kind);
  return o;
}

luv_class *luv__class_named(const char *name, size_t n) {
  int i;
  for (i = 0; i < nclasses; i++)
    if (strlen(luv__classes[i]->name) == n && memcmp(luv__classes[i]->name, name, n) == 0) return luv__classes[i];
  return NULL;
}

/* A class of Go's: the number of the one that a room has by that name, or of a new one. */
int luv__register_class(const char *name) {
  luv_class *c = luv__class_named(name, strlen(name));
  if (c) return c->id;
  c = calloc(1, sizeof *c);
  if (!c || !(c->name = strdup(name))) abort(); /* while the process loads its first module */
  add_class(c);
  return c->id;
}

const char *luv__class_name(int class_id) { return luv__classes[class_id]->name; }

int luv__nclasses(void) { return nclasses; }
