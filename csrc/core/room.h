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
  LUV_CLASS_STREAM = 4, /* a luv_stream, which every function of streams takes */
  LUV_CLASS_WRAPS = 8,  /* a stream whose accept makes what it gives, and puts it into nothing */
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
  const char *(*why)(luv_object *o, int err); /* what an error was about; NULL: nothing is known */
  void (*write)(luv_object *o, FILE *out); /* for a dump, what else there is to say of it */
  const luv_shared *shared; /* NULL: they do not leave their state */
  luv_queue *(*queues)(luv_object *o, int i); /* where fibers wait for it beside o->waiters, for check.c */
  uint16_t id;      /* the core's number for it */
};

/* What brings events to a state beside libuv: other threads, the pool, ØMQ, signal handlers. A room makes it
 * known to a state when it begins to have any there (luv__outside_add). What is NULL does not apply. */
typedef struct {
  void (*serve)(luv_state *S);   /* gives what has come to who waits for it: before and after each look at the kernel */
  void (*look)(luv_state *S, int block); /* before each, and once more when the loop is about to block */
  int (*pending)(luv_state *S);  /* look would find something that no descriptor tells */
  int (*far)(luv_state *S);      /* what is waited for is not worth spinning for; -1: something else is, whatever the others say */
  uint64_t (*working)(luv_state *S); /* operations that threads of this process have in hand */
  int (*lone)(luv_state *S);     /* waits counted in S->external that nothing but S itself could end */
} luv_outside;

/* Who keeps a list of the names of luv's functions, for as long as they are built: the codec. */
typedef struct {
  void (*begin)(luv_state *S, lua_State *L); /* pushes the list */
  void (*add)(luv_state *S, lua_State *L, int list, const char *module, const char *name); /* what is on top */
  void (*add_table)(luv_state *S, lua_State *L, int list, const char *module); /* the same, and pops it */
  void (*end)(luv_state *S, lua_State *L);   /* luv is on top, above the list, which is removed */
  void (*push)(luv_state *S, lua_State *L);  /* the list, later */
} luv_namer;

/* What the core has done by one room each, whichever that is. */
typedef struct {
  void (*case_done)(luv_state *S, luv_fiber *f);     /* the wait of a case of luv.select has ended */
  luv_fiber *(*case_owner)(luv_fiber *f);            /* whose luv.select the case f is of */
  /* How many of the cases that end together with this one wait, and are what `is` says. */
  uint32_t (*case_count)(luv_fiber *f, int (*is)(const luv_fiber *f, const void *of), const void *of);
  void (*receive)(luv_state *S, unsigned n);         /* reads up to n of S->unread */
  void (*dump_asked)(luv_state *S, lua_State *W, int at_hook); /* does what S->dump_wanted says */
  lua_Hook ask_hook;                                 /* by which a thread is asked for a dump */
  void (*state_gone)(luv_state *S);                  /* S leaves the list of states, whose lock is held */
  void (*heed)(luv_state *S);                        /* what another thread wants of the main chunk: its next wait may be cancelled */
  void (*main_waits)(luv_state *S);                  /* the main chunk is about to wait; goes on */
  void (*main_goes_on)(luv_state *S);
  int (*is_local)(luv_state *S, unsigned major, unsigned minor); /* the file system of that device answers at once */
  const char *(*error_name)(int err);                /* of an error that is not the system's; or NULL */
  const char *(*error_text)(int err);
  const luv_namer *namer;
  /* What stays where it is: others get something that stands for it. `hold` gives 0 for what is not to. */
  const luv_shared *stays;
  int (*is_to_stay)(luv_state *S, lua_State *L, int idx); /* a table or function, though it could be copied */
} luv_given;

/* A room. Which of two comes first is not said: who needs another one's state asks for it. */
typedef struct luv_room {
  const char *name;
  luv_class *const *classes; /* the last one is NULL */
  const luv_face *faces;     /* the last one has no fn */
  size_t size;               /* of what it keeps for each state, zeroed: luv__room_data */
  luv_given gives;
  int (*begin)(luv_state *S);                /* a state opens: before anything else; 0, or there is no memory */
  void (*open)(luv_state *S, lua_State *L);  /* Lua's tables are built, luv is on top; may raise */
  void (*opened)(luv_state *S);              /* it is open */
  void (*nudge)(luv_state *S);   /* a signal handler has found no fiber running: now one does */
  void (*alone)(luv_state *S);   /* a state waits for the threads it has made, and runs nothing any more */
  int (*ends)(luv_state *S);     /* a state is about to close; 1: something has failed in it */
  void (*left)(luv_state *S);    /* it has left the list of states */
  void (*closing)(luv_state *S); /* S->dead is set, its objects are still open */
  void (*closed)(luv_state *S);  /* they are not, its loop runs a last time after this */
  void (*freed)(luv_state *S);   /* its loop has ended */
  void (*count)(luv_state *S, lua_State *L); /* adds its numbers to those of luv.stats, on top; may raise */
  void (*exit)(int status);      /* the process ends */
  void (*forked)(void);          /* this is the child of a fork */
  /* The object of the class that fits what fd is, which is uv_guess_handle's kind; NULL: none of the room's, or no memory. */
  luv_object *(*adopt)(luv_state *S, int fd, int kind);
  size_t at;             /* the core's: where its state lies, */
  struct luv_room *next; /* and the next one */
} luv_room;

#define LUV_MAX_OUTSIDES 8
void luv__outside_add(luv_state *S, const luv_outside *o); /* once for each */
void luv__outside_serve(luv_state *S);
void luv__outside_look(luv_state *S, int block);
int luv__outside_pending(luv_state *S);
int luv__outside_far(luv_state *S);
int luv__outside_lone(luv_state *S);
uint64_t luv__outside_working(luv_state *S);

extern luv_given luv__given;
extern size_t luv__rooms_size; /* of all that they keep for a state */

/* Calls what every room has for that. */
#define LUV_EACH_ROOM(hook, ...) \
  do for (luv_room *r_ = luv__rooms; r_; r_ = r_->next) if (r_->hook) r_->hook(__VA_ARGS__); while (0)

const luv_face *luv__face_named(const char *name); /* or NULL */
extern luv_room *luv__rooms;
void luv__room_add(luv_room *r);
#define LUV_ROOM(r) \
  __attribute__((constructor)) static void make_known(void) { luv__room_add(&r); }

extern luv_class *luv__classes[LUV_MAX_CLASSES]; /* by number; NULL behind the last */
int luv__nclasses(void);
luv_class *luv__class_named(const char *name, size_t n); /* or NULL */

extern luv_class luv__class_fiber, luv__class_other;

luv_object *luv__room_adopt(luv_state *S, int fd, int kind);

#endif
