/* call.h - from Lua into Go, and what Lua can name.
 * A part of luv.h, which includes it: the others rest on what that defines first. */
#ifndef LUV_CALL_H
#define LUV_CALL_H

/* ---- tramp.c: Lua -> Go, flat values both ways ------------------------------ */

enum { LUV_V_NIL, LUV_V_BOOLEAN, LUV_V_NUMBER, LUV_V_STRING, LUV_V_OBJECT,
       LUV_V_TABLE, LUV_V_SELF, LUV_V_ADDRESS, LUV_V_OTHER,
       LUV_V_FILE }; /* an argument that is a file of Lua's: u.p is a FILE *, NULL if closed */

/* A table is its number of pairs in `n`; 2 * n values follow it. A string that
 * Go hands over is malloc'd and freed here. `name` is the type name of OTHER. An object
 * that Go hands over with n not 0 is followed by a table, its environment. */
typedef struct {
  uint32_t type;
  uint32_t class_id;
  uint64_t n;
  union { double number; const char *s; void *p; } u;
} luv_value;

typedef struct luv_values { luv_value *v; int n, cap, lost; } luv_values; /* lost: there was no memory for one */

luv_value *luv__values_add(luv_values *a);
void luv__values_free(luv_values *a);
void luv__values_drop(luv_values *a);
/* Pushes all of it and frees its strings; returns how many. May raise (memory): then they are
 * still there to be dropped. An object that is dropped, and has no userdata, is closed. */
int luv__values_push(luv_state *S, lua_State *W, luv_values *a);
void luv__add_number(luv_values *a, int type, double n);
void luv__add_string(luv_values *a, const char *p, size_t n);
void luv__add_address(luv_values *a, const char *p, size_t n);
void luv__add_object(luv_values *a, luv_object *o, int has_environment);
void luv__add_table(luv_values *a, size_t pairs);
int luv_trampoline(lua_State *L);

/* An operation that Go carries out while a fiber waits. */
typedef struct luv_goop {
  luv_queue link;  /* in state->goops */
  luv_fiber *f;    /* NULL: nobody waits (any more) */
  uint64_t go;
  luv_values *answer; /* made with it, so that it cannot be lacking when it has come */
} luv_goop;

enum { LUV_ACT_RETURN, LUV_ACT_RAISE, LUV_ACT_SUSPEND, LUV_ACT_EVENT,
       LUV_ACT_CONNECT, LUV_ACT_SELF };

/* One call from Lua into Go: what C lays out before it, what Go answers in it. */
typedef struct luv_call {
  luv_state *S;
  luv_values args, ret;
  int number, act;
  luv_object *on;
  luv_goop *op;
  double timeout;
  struct luv_call *next; /* of those that are idle */
} luv_call;

void luv__trampoline_open(luv_state *S, lua_State *L);
void luv__calls_free(luv_state *S);

luv_goop *luv__goop_new(luv_state *S, uint64_t go);
void luv__goop_free(luv_goop *op);
/* Ends the wait for op, if it still lasts, with its answer. */
void luv__goop_done(luv_state *S, luv_goop *op);

/* ---- module.c, build.c: what Lua can name --------------------------------- */

/* Go registers, once per process: modules "luv", "luv.timer" ..., and classes. `face`
 * is a name of faces.h, or NULL for function `number` of Go's. A face that `waits` is set for,
 * too, may leave a call to that function: luv_trampoline(L). More than `args` arguments raise,
 * the object of a method not counted; if it is below 0 nobody counts here. */
void luv__register(const char *owner, const char *name, const char *face, int number,
                   int waits, int args);
/* A function of Lua's own, "coroutine.create", under another name. */
void luv__register_native(const char *module, const char *name, const char *path);
void luv__register_constant(const char *module, const char *name, const char *s, double n);
/* n numbers; their names stand one behind the other, each with its zero, in size bytes. */
void luv__register_numbers(const char *module, const char *names, size_t size,
                           const double *numbers, int n);
int luv__register_class(const char *name);
void luv__build(luv_state *S, lua_State *L); /* leaves the module table on L */
void luv__build_rest(luv_state *S, lua_State *L, int list);
int luv__push_field(luv_state *S, lua_State *L, const char *name, size_t n);
const char *luv__class_name(int class_id);
void luv__push_meta(luv_state *S, lua_State *L, int id);

/* ---- embedded.c: what is written in Lua -------------------------------------- */

char *luv__go_source(const char *name, size_t *n); /* its text, to be freed; NULL: there is none */
int luv__push_embedded(lua_State *L, const char *name);
void luv__preload_embedded(lua_State *L);

/* ---- what is made once per state by the files that use it ------------------- */
void luv__deliver_open(luv_state *S, lua_State *L);
void luv__glue_open(luv_state *S, lua_State *L);
void luv__outcome_open(luv_state *S, lua_State *L);

extern const luv_face luv__trampoline_faces[2]; /* for a function that does not wait, and for one that may */

#endif
