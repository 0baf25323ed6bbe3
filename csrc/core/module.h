/* module.h - what Lua can name, as Go has registered it. */
#ifndef LUV_MODULE_H
#define LUV_MODULE_H

#include "luv.h"

typedef struct {
  char *owner;      /* "luv", "luv.timer"; of a method "class luv.timer" */
  char *name;
  const char *text; /* of a string constant */
  double number;    /* of a number constant; or Go's function number */
  const luv_face *face;
  int constant;
  const char *native; /* of a function of Lua's own: "pcall", "coroutine.create" */
  int both;         /* a face that leaves some of its calls to Go's function */
  int args, method; /* how many arguments it takes, with the object of a method; below 0: not counted */
} luv_entry;

extern luv_entry *luv__entries;
extern int luv__nentries;

#endif
