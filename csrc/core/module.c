/* module.c - what Lua can name: the list that Go registers, once per process, when the first
 * state opens. build.c makes tables of it, for each state. */
#include "luv.h"
#include <stdio.h>
#include "module.h"

luv_entry *luv__entries;
int luv__nentries;
static int cap;
static luv_entry *add_row(char *owner, char *name) {
  luv_entry *e;
  if (luv__nentries == cap) {
    cap = cap ? cap * 2 : 256;
    luv__entries = realloc(luv__entries, (size_t)cap * sizeof *luv__entries);
    if (!luv__entries) abort(); /* while the process loads its first module */
  }
  e = &luv__entries[luv__nentries++];
  memset(e, 0, sizeof *e);
  e->owner = owner;
  e->name = name;
  return e;
}

static luv_entry *add(const char *owner, const char *name) { return add_row(strdup(owner), strdup(name)); }

void luv__register(const char *owner, const char *name, const char *face, int number,
                   int waits, int args) {
  luv_entry *e = add(owner, name);
  e->method = strncmp(owner, "class ", 6) == 0;
  e->args = args < 0 ? args : args + e->method;
  e->number = number;
  e->face = &luv__trampoline_faces[waits != 0];
  if (!face) return;
  e->both = waits;
  e->face = luv__face_named(face);
  if (e->face) return;
  fprintf(stderr, "luv: no face '%s' for %s.%s\n", face, owner, name);
  abort();
}

void luv__register_native(const char *module, const char *name, const char *path) {
  luv_entry *e = add(module, name);
  e->native = strdup(path);
}

void luv__register_constant(const char *module, const char *name, const char *s, double n) {
  luv_entry *e = add(module, name);
  e->constant = 1;
  e->number = n;
  if (s) e->text = strdup(s);
}

void luv__register_numbers(const char *module, const char *names, size_t size,
                           const double *numbers, int n) {
  char *owner = strdup(module), *name = malloc(size);
  int i;
  if (!owner || !name) abort();
  memcpy(name, names, size);
  for (i = 0; i < n; i++, name += strlen(name) + 1) {
    luv_entry *e = add_row(owner, name);
    e->constant = 1;
    e->number = numbers[i];
  }
}
