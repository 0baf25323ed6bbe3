/* os.c - the title of the process, which libuv keeps in the room of its arguments.
 *
 * A library has no main that would be given them. The dynamic loader hands them to each
 * constructor, also when the library is loaded late (glibc; elsewhere there is no title). */
#include "luv.h"

#define LONGEST (1 << 17) /* an argument of the kernel's (MAX_ARG_STRLEN) */

static int count;
static char **arguments;

__attribute__((constructor)) static void remember(int argc, char **argv) {
  count = argc;
  arguments = argv;
}

/* Gives libuv the arguments, unless the host has done so. libuv answers alike when it has
 * none and when there is no room for its answer: hence the large buffer. To be called once. */
void luv__setup_args(void) {
  char *title = malloc(LONGEST);
  int known = title && uv_get_process_title(title, LONGEST) == 0;
  free(title);
  if (title && !known && arguments && count > 0) uv_setup_args(count, arguments);
}
