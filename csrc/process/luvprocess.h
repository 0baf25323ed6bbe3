/* luvprocess.h - children, for those who make them. */
#ifndef LUV_PROCESS_H
#define LUV_PROCESS_H

#include <stdio.h>
#include "luv.h"

extern luv_class luv__class_process;

int luv_process_run(lua_State *L);

typedef struct {
  luv_object o;
  uv_process_t h;    /* where object.c looks for the handle: right behind the object */
  luv_queue sibling; /* in S->processes while it runs */
  struct luv_vigil *vigil; /* while it runs */
  pid_t pid;
  int code;          /* of its exit, */
  int signal;        /* or what has killed it */
  int exited;
  int lost;          /* and nobody knows how */
} luv_process;

/* What Go asks for: argv and env end with NULL; an fd of -1 is /dev/null. */
typedef struct {
  const char *file, *cwd;
  char **argv, **env;
  const int *fds;
  int nfds, detached, set_uid, set_gid;
  int ends_with_parent; /* with the process: it is killed */
  int terminal;         /* descriptor 0 is that of its session */
  uint32_t uid, gid;
} luv_spawn_options;

/* A new child, or NULL and a libuv error in *err. */
luv_object *luv__process_spawn(luv_state *S, uv_loop_t *loop, const luv_spawn_options *o, int *err);
int luv__process_exec(const luv_spawn_options *o, pid_t *pid);
/* Calls fn(ud) in a thread that ends with the process; a libuv error if there is none. */
int luv__keeper_do(void (*fn)(void *), void *ud);
/* Tells who waits for p, if it has ended: then nothing of p may be used any more. */
int luv__child_ended(luv_process *p);
/* process_watch.c: from begin to end luv__child_ended is called when it may have. */
struct luv_vigil *luv__vigil_new(void);
void luv__vigil_begin(luv_state *S, luv_process *p, struct luv_vigil *v);
void luv__vigil_end(luv_process *p);
/* The descriptor of an object, or of a Lua file, for a child to have; a libuv error if there is
 * none. With *own it is a copy, to be closed when the child has it. */
int luv__object_fd(luv_object *o, int *own);
int luv__stdio_fd(FILE *f);

void luv__process_glue(luv_state *S, lua_State *L); /* of luv.process.run */

void luv__children_reap(luv_state *S);

extern luv_room luv__process_room; /* keeps for each state the children that run, by luv_process.sibling */
static inline luv_queue *luv__processes(luv_state *S) { return luv__room_data(S, &luv__process_room); }

/* os.c */
int luv__setenv(const char *name, const char *value);
int luv__unsetenv(const char *name);
void luv__setup_args(void);

#endif
