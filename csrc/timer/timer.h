/* timer.h - timers, for those who make them. */
#ifndef LUV_TIMER_H
#define LUV_TIMER_H

#include "luv.h"

extern luv_class luv__class_timer;

typedef struct {
  luv_object o;
  luv_due due;
  uint64_t repeat; /* ns; 0: once */
} luv_timer;

#endif
