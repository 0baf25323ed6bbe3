/* proxy.h - objects that stay where they are, called from other states: what the files share.
 *
 * A port is what a state is to the others: an inbox. A ref is an object of one state that others may hold:
 * proxies and messages have a reference each. A mail is a call: it goes to the owner's port, and always
 * comes back to the caller's, with the answer in it.
 *
 *   1. Only the owner's thread takes a ref out of its list, and only when nobody has a reference: the last
 *      one is not dropped but handed to the owner (luv__ref_drop).
 *   2. A mail is the caller's from its making to its being sent, the owner's until it is sent back, then the
 *      caller's. Two fields are written meanwhile by the other side: `cancelled` and `fiber`.
 *   3. What a mail brings has its references in the mail, until the caller frees it. */
#ifndef LUV_PROXY_H
#define LUV_PROXY_H

#include "thread.h"

typedef struct luv_port luv_port;
typedef struct luv_ref luv_ref;
typedef struct luv_mail luv_mail;

struct luv_ref {
  int refs;              /* atomic */
  uint32_t at;           /* its place in the owner's list */
  luv_port *owner;       /* a reference */
  const char *kind;      /* "table", "luv.tcp": a static text */
  const void *address;
  luv_ref *next;         /* of those handed back */
};

struct luv_port {
  int refs;              /* atomic */
  pthread_mutex_t lock;  /* of S */
  luv_state *S;          /* NULL: it has ended */
  luv_thread *thread;    /* a reference */
  int cancels;           /* atomic: calls here are to be cancelled */
  luv_mail *inbox __attribute__((aligned(64))); /* atomic; the newest first; or LUV_PORT_CLOSED */
  luv_ref *returned;     /* the same */
};
#define LUV_PORT_CLOSED ((void *)1)

/* ---- port.c ------------------------------------------------------------------------------ */

luv_port *luv__port(luv_state *S, lua_State *L); /* the state's, made if there is none; may raise */
void luv__port_drop(luv_port *p);
int luv__port_post(luv_port *p, luv_mail *m);    /* 0: it is closed, and m still the caller's */
void luv__port_return(luv_port *p, luv_ref *r);
void luv__port_cancel(luv_port *p);              /* it looks for calls that are to be cancelled */
void luv__port_close(luv_state *S);
void luv__port_name(luv_port *p, char *text, size_t n); /* thread 2 'main' */

/* ---- ref.c ------------------------------------------------------------------------------- */

/* A proxy: a userdata of its own kind, which is small. */
typedef struct { const char *magic; luv_ref *ref; } luv_proxy;
extern const char luv__proxy_magic[2]; /* the second: it has an environment, with the methods it has met */

static inline luv_proxy *luv__toproxy(lua_State *L, int idx) {
  luv_proxy *p = lua_touserdata(L, idx);
  if (p && lua_objlen(L, idx) == sizeof *p && (size_t)(p->magic - luv__proxy_magic) < 2) return p;
  return NULL;
}

static inline void luv__ref_take(luv_ref *r) { __atomic_add_fetch(&r->refs, 1, __ATOMIC_RELAXED); }
void luv__ref_drop(luv_ref *r);
void luv__ref_free(luv_ref *r);
void luv__refs_serve(luv_state *S);
void luv__refs_close(luv_state *S);
void luv__proxies_want(lua_State *L, int *ref, const char *mode); /* a table in the registry, with that __mode or NULL; may raise */
luv_ref *luv__ref_of(luv_state *S, lua_State *L, int idx); /* with a reference; may raise */
void luv__ref_push(luv_state *S, lua_State *L, luv_ref *r); /* the object, or its proxy; may raise */
void luv__ref_push_home(luv_state *S, lua_State *L, uint32_t at);
int luv__is_to_stay(luv_state *S, lua_State *L, int idx);
void luv__proxy_release(luv_state *S, lua_State *L, luv_proxy *p);
extern const luv_shared luv__proxy_shared;

/* ---- leaks.c ------------------------------------------------------------------------------ */

void luv__leaks_add(luv_state *S, const luv_ref *r);
void luv__leaks_remove(luv_state *S, const luv_ref *r);
void luv__leaks_tell(luv_state *S);

/* ---- letter.c: values on their way ------------------------------------------------------- */

typedef struct luv_blobs { struct luv_blobs *next; luv_blob blob; } luv_blobs;

typedef struct {
  uint32_t n, nheld, cap_held;
  int coded;             /* they are in `blob`; else at p */
  size_t size, cap;
  char *p;
  luv_ref **held;
  luv_blobs *blobs;      /* of values that went through the codec one by one */
  luv_blob blob;
  luv_ref *few[4];
  char room[128];
} luv_letter;

enum { LUV_LETTER_FUNCTIONS = 1, LUV_LETTER_COPY = 2 }; /* functions stay, too; what is to stay is copied */

void luv__letter_init(luv_letter *l);
void luv__letter_clear(luv_letter *l);
/* The n values from `first` on, for that port; -1: a message is on L, and nothing in l. */
int luv__letter_pack(luv_state *S, lua_State *L, int first, int n, int how, luv_port *to, luv_letter *l);
void luv__letter_text(luv_letter *l, const char *text);
int luv__letter_push(luv_state *S, lua_State *W, luv_letter *l); /* how many; -1: a message; may raise */
int luv__letter_move(lua_State *to, const luv_letter *l); /* the same for what needs no memory; 0: it does */

/* One by one. -1: a message is on L; 0, of the others: no memory. */
int luv__letter_add(luv_state *S, lua_State *L, int idx, int how, luv_port *to, luv_letter *l);
int luv__letter_add_byte(luv_letter *l, int byte);
int luv__letter_add_count(luv_letter *l, uint32_t n);
int luv__letter_add_promise(luv_letter *l, uint32_t n);
const char *luv__letter_next(luv_state *S, lua_State *W, const char *p, int results);

/* ---- mail.c ------------------------------------------------------------------------------ */

/* What is done with an object. From CONCAT on both operands are arguments; before, the object comes first. */
enum { LUV_DO_CALL, LUV_DO_GET, LUV_DO_SET, LUV_DO_LEN, LUV_DO_PAIRS, LUV_DO_IPAIRS, LUV_DO_COPY, LUV_DO_CONCAT,
       LUV_DO_ADD, LUV_DO_SUB, LUV_DO_MUL, LUV_DO_DIV, LUV_DO_MOD, LUV_DO_POW, LUV_DO_UNM, LUV_DO_LT, LUV_DO_LE,
       LUV_DO_BATCH };
enum { LUV_MAIL_DONE, LUV_MAIL_FAILED, LUV_MAIL_GONE };

struct luv_mail {
  luv_mail *next;        /* in an inbox, or among the spare ones */
  luv_queue mine;        /* the caller's: in unsent, out or got */
  luv_queue served;      /* the owner's */
  luv_keeper keeper;     /* of its fiber there */
  luv_fiber *at_work;    /* that fiber */
  luv_port *from;
  luv_ref *ref;          /* what it is about; a reference */
  luv_fiber *waiter;     /* who waits for it; NULL: nobody any more */
  uint8_t op, status, answered, told;
  int cancelled;         /* atomic: by the caller */
  uint32_t fiber;        /* atomic: the number of at_work, for dumps */
  char *traceback;
  char waits[160];       /* what at_work waits for: by the owner, when it is stuck */
  luv_letter ask, answer;
};

luv_mail *luv__mail_new(luv_state *S, luv_ref *r, int op); /* NULL: no memory */
void luv__mail_free(luv_state *S, luv_mail *m);
void luv__mail_lose(luv_mail *m); /* on another thread, whose caller is gone */

/* ---- call.c: the caller's side ----------------------------------------------------------- */

int luv__proxy_ask(luv_state *S, lua_State *L, luv_ref *r, int op, int first);
void luv__proxy_keep_trace(luv_state *S, lua_State *W, luv_fiber *f);
void luv__mail_arrived(luv_state *S, luv_mail *m);

/* ---- serve.c: the owner's side ----------------------------------------------------------- */

void luv__mail_begin(luv_state *S, luv_mail *m);
void luv__mail_answer(luv_mail *m, int status);
void luv__mails_cancel(luv_state *S);
void luv__serve_load(luv_state *S, lua_State *L);
void luv__mail_pack_error(luv_state *S, lua_State *L, luv_mail *m);

/* ---- meta.c ------------------------------------------------------------------------------ */

void luv__proxy_push_meta(luv_state *S, lua_State *L);
void luv__proxy_learn(luv_state *S, lua_State *W, lua_State *L);
int luv__proxy_recall(lua_State *W, lua_State *L);

/* ---- batch.c: the caller's side; batch_run.c: the owner's ------------------------------------ */

typedef struct luv_batch luv_batch;
/* Writes down what is to be done, if the running fiber is in a batch: then 1, with a promise on L. */
int luv__batch_note(luv_state *S, lua_State *L, luv_ref *r, int op, int first);
int luv__proxy_send(luv_state *S, lua_State *L, luv_mail *m);
int luv__batch_run(lua_State *L);
int luv__batch_give(luv_state *S, lua_State *W, luv_letter *l);
static inline int luv__proxy_do(luv_state *S, lua_State *L, luv_ref *r, int op, int first);

/* ---- wire.c, remote.lua: other processes --------------------------------------------------- */

int luv__is_remote(lua_State *L, int idx);
int luv__remote_call(luv_state *S, lua_State *L, const char *name);
void luv__remote_push(luv_state *S, lua_State *L);

/* ---- deadlock.c -------------------------------------------------------------------------- */

void luv__deadlock_look(luv_state *S);

/* ---- guard.c ----------------------------------------------------------------------------- */

void luv__guard_renew(luv_state *S, lua_State *L);
void luv__guard_serve(luv_state *S);

/* What the room keeps for each state. */
#define LUV_MAILS_SPARE 128
typedef struct {
  luv_port *port;        /* NULL: nothing has come or gone */
  luv_ref **refs;        /* this state's objects, by their places */
  uint32_t *free_places, nfree, top, cap;
  uint32_t nheld;        /* of them, those that others have */
  luv_queue unsent, out, got, served; /* mails */
  luv_queue waiting;     /* fibers, for calls */
  int locked;            /* a deadlock of all threads has been found */
  uint32_t nout, nserved, nspare;
  luv_mail *spare;
  uint64_t last;         /* when a call came in, ns */
  luv_batch *batches;    /* being written down, by fibers */
  uint64_t last_batch;
  void *guard;
  uint64_t guarded;      /* when it was made, ns */
  int ending, most;      /* the script has ended, and this runs for its threads; KB that Lua may take then */
  int manual, marked;    /* luv.proxy.automatic(false); luv.share has been called */
  int ref_objects, ref_places, ref_proxies, ref_marks, ref_meta, ref_serve, ref_coded, ref_ops, ref_traces,
      ref_guard, ref_guard_meta, ref_remote, ref_push_blob, ref_batch, ref_batch_meta, ref_promise_meta;
} luv_proxies;

extern luv_room luv__proxy_room;

static inline luv_proxies *luv__proxies(luv_state *S) { return luv__room_data(S, &luv__proxy_room); }

/* At once, or as a part of a batch. */
static inline int luv__proxy_do(luv_state *S, lua_State *L, luv_ref *r, int op, int first) {
  if (LUV_UNLIKELY(luv__proxies(S)->batches != NULL) && luv__batch_note(S, L, r, op, first)) return 1;
  return luv__proxy_ask(S, L, r, op, first);
}

#endif
