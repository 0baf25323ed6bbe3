/* fs_exit.h - the end of a state, and of the process, while the pool is at work. */
#ifndef LUV_FS_EXIT_H
#define LUV_FS_EXIT_H

void luv__pool_enter(int harmless); /* something was handed to the pool of the process */
void luv__pool_leave(int harmless);
void luv__pool_count(unsigned *threads, unsigned *running, unsigned *queued);
void luv__poller_come(void);       /* a luv.fs.poller has been made */
void luv__fs_exit(int status);      /* the process ends */

#endif
