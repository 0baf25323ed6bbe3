/* room.h - what a room gives the core: one record, made known as luv.so is loaded.
 *
 * The core knows none of them by name. It asks the records: at the opening and the end of a state,
 * when an object closes, when Lua wants to know what can be called. Per switch and per message
 * nothing is asked: a wait points to its operation, an object to its class. */
#ifndef LUV_ROOM_H
#define LUV_ROOM_H

#include "object.h"

enum {
  LUV_CLASS_BARE = 1,  /* the userdata is no luv_box, and has no __gc: a fiber */
  LUV_CLASS_SENDS = 2  /* its send takes back what it has begun: luv.select may have it */
};

/* How the objects of a class pass by reference: in messages, and to other threads. */
typedef struct {
  const char *name; /* the class's: written into the message */
  /* The id of the object at idx, never given to another one, with one reference taken;
   * 0: it is closed. Does not raise. */
  uint64_t (*hold)(luv_state *S, lua_State *L, int idx);
  /* Pushes a userdata for it that has a reference of its own; 0: it is gone. May raise. */
  int (*push)(luv_state *S, lua_State *L, uint64_t id);
  /* Gives back the reference that hold took. On any thread, without a Lua state. */
  void (*drop)(uint64_t id);
} luv_shared;

/* A kind of objects. What is NULL does not apply. */
struct luv_class {
  const char *name; /* "luv.timer" */
  int flags;
  size_t handle;    /* where in the object its libuv handle is; 0: right behind the luv_object */
  void (*leaving)(luv_object *o); /* it is being closed: before its waiters go on */
  void (*closing)(luv_object *o); /* the same, after */
  int (*lingers)(luv_object *o);  /* closed for the script, it is still needed: 1 */
  void (*closed)(luv_object *o);  /* its handle is closing: of objects that have one */
  void (*freed)(void);            /* one has gone */
  int (*descriptor)(luv_object *o); /* or an error; NULL: that of its handle */
  void (*index)(luv_state *S, lua_State *L); /* makes __index of the table of methods on top; may raise */
  void (*made)(luv_state *S, lua_State *L);  /* a new userdata is on top; may raise */
  /* A name that Go was asked for, for the call of f, whose object it is: what the call waits for now. */
  void (*resolved)(luv_state *S, luv_fiber *f, const char *addr, size_t n);
  void (*write)(luv_object *o, FILE *out); /* for a dump, what else there is to say of it */
  const luv_shared *shared; /* NULL: they do not leave their state */
  luv_queue *(*queues)(luv_object *o, int i); /* where fibers wait for it beside o->waiters, for check.c */
  uint16_t id;      /* the core's number for it */
};

/* A room. Order among rooms does not count: who needs another one's state asks for it. */
typedef struct luv_room {
  const char *name;
  luv_class *const *classes; /* the last one is NULL */
  const luv_face *faces;     /* the last one has no fn */
  /* The object of the class that fits what fd is, which is uv_guess_handle's kind; NULL: none of the room's, or no memory. */
  luv_object *(*adopt)(luv_state *S, int fd, int kind);
  struct luv_room *next; /* the core's */
} luv_room;

const luv_face *luv__face_named(const char *name); /* or NULL */
extern luv_room *luv__rooms;
void luv__room_add(luv_room *r);
#define LUV_ROOM(r) \
  __attribute__((constructor)) static void make_known(void) { luv__room_add(&r); }

extern luv_class *luv__classes[LUV_MAX_CLASSES]; /* by number; NULL behind the last */
int luv__nclasses(void);
luv_class *luv__class_named(const char *name, size_t n); /* or NULL */
#include "class.h"

luv_object *luv__room_adopt(luv_state *S, int fd, int kind);

#endif
