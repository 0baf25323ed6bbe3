/* switch.h - the few instructions that know how a CPU changes its stack. */
#ifndef LUV_SWITCH_H
#define LUV_SWITCH_H

#include <stddef.h>

#define LUV_SWITCH_ROOM 32768 /* makecontext wants to know a size; no more than the least stack has */

/* Leaves this stack, keeping in *from where it stands, for another that stands at `to`. */
void luv__switch(void **from, void *to);
/* Where a new stack stands whose upper end is top, a multiple of 16: at the beginning of entry. */
void *luv__switch_prepare(void *top, void (*entry)(void));
void luv__switch_begin(void) __attribute__((visibility("hidden"))); /* switch.c's own, in assembler */

#endif
