/*===- pool.c - Threads that share the work of a call --------------------------===
 *
 * A pool is memory of the caller's and threads that wait there for work. Every thread runs the whole generated program
 * on a frame of its own and finds in it which part of each phase to do. Threads wait by looking again and again, since
 * most waits are shorter than a system call; after a while they leave the core to others, and between calls they sleep.
 * Nothing locks or allocates outside seqc_run_pool_start and seqc_run_pool_stop.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#include <fenv.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  most_threads = 1024,
  looks_in_call = 256,       /* at a meeting, before other threads may have the core: about 10 µs */
  looks_between_calls = 1024 /* before sleeping */
};

/* One thread of a pool; the caller of an entry point is the first. Others read `arrived`: it has a cache line to
 * itself. */
typedef struct seqc_member {
  _Alignas(SEQC_ALIGNMENT) atomic_uint arrived; /* how often it has come to a meeting */
  _Alignas(SEQC_ALIGNMENT) seqc_pool *pool;
  int64_t number;
  int has_begun; /* it has been at the meeting with which the present run begins for all */
  seqc_frame *frame;
  char *scratch; /* see seqc_workspace */
  char *own;     /* for the slots that each thread has for itself */
  pthread_t thread;
} seqc_member;

struct seqc_pool {
  uint64_t tag;
  int64_t threads;
  seqc_member *members;
  atomic_int is_busy;
  /* The present run: written by the caller before he counts up `runs`. */
  const seqc_program *program;
  void (*function)(seqc_frame *);
  const seqc_workspace *workspace;
  fenv_t environment; /* rounding and denormals as in the caller's run */
  int is_stopping;
  _Alignas(SEQC_ALIGNMENT) atomic_int runs; /* members without work wait until it changes */
  atomic_int sleeping;                      /* how many of them need to be woken */
};

/*===-- Memory ----------------------------------------------------------------------===*/

static void take_own(seqc_arena *arena, const seqc_program *program) {
  for (int64_t i = 0; i < program->slot_count; ++i)
    if (program->slots[i].per_thread)
      seqc_take(arena, program->slots[i].features, program->slots[i].element);
}

/* Deals out a pool's memory; with a NULL base only the size is found out. */
static seqc_pool *lay_out_pool(seqc_arena *arena, const seqc_model *model, int64_t threads) {
  const seqc_program *programs[] = {&model->forward, &model->forward_taped, &model->backward};
  int64_t slots = 0, scratch = 0;
  seqc_arena own = {NULL, 0, 0};
  for (int i = 0; i < 3; ++i) {
    seqc_arena needed = {NULL, 0, 0};
    take_own(&needed, programs[i]);
    own = needed.used > own.used ? needed : own;
    slots = programs[i]->slot_count > slots ? programs[i]->slot_count : slots;
    scratch = seqc_scratch_size(programs[i]) > scratch ? seqc_scratch_size(programs[i]) : scratch;
  }
  seqc_pool *pool = seqc_take(arena, 1, sizeof(seqc_pool));
  seqc_member *members = seqc_take(arena, threads, sizeof(seqc_member));
  if (pool) {
    memset(pool, 0, sizeof *pool);
    pool->members = members;
    pool->threads = threads;
  }
  for (int64_t i = 0; i < threads; ++i) {
    /* The first thread has the workspace. */
    int64_t used = i > 0;
    seqc_member member = {.pool = pool, .number = i};
    member.frame = seqc_take(arena, used * ((int64_t)sizeof(seqc_frame) + slots * (int64_t)sizeof(seqc_place)), 1);
    member.scratch = seqc_take(arena, used * scratch, 1);
    member.own = seqc_take(arena, used * own.used, 1);
    if (pool)
      members[i] = member;
  }
  return pool;
}

int64_t seqc_pool_size(const seqc_model *model, int64_t threads) {
  seqc_arena arena = {NULL, 0, 0};
  if (threads < 1 || threads > most_threads)
    return -1;
  lay_out_pool(&arena, model, threads);
  return arena.overflow ? -1 : arena.used;
}

/*===-- Waiting ---------------------------------------------------------------------===*/

static void rest(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void await_arrival(const seqc_member *member, unsigned count) {
  for (int looks = 0; (int)(atomic_load_explicit(&member->arrived, memory_order_acquire) - count) < 0; ++looks) {
    if (looks < looks_in_call)
      rest();
    else
      sched_yield();
  }
}

static void await_others(const seqc_member *self, unsigned count) {
  for (int64_t i = 0; i < self->pool->threads; ++i)
    if (i != self->number)
      await_arrival(&self->pool->members[i], count);
}

static unsigned arrive(seqc_member *self) {
  unsigned count = atomic_load_explicit(&self->arrived, memory_order_relaxed) + 1;
  atomic_store_explicit(&self->arrived, count, memory_order_release);
  return count;
}

/* Either the sleeper counts itself before the caller looks, and is woken, or it sees that `runs` has changed. */
static void await_run(seqc_pool *pool, int seen) {
  for (int looks = 0; looks < looks_between_calls; ++looks) {
    if (atomic_load_explicit(&pool->runs, memory_order_acquire) != seen)
      return;
    rest();
  }
  atomic_fetch_add(&pool->sleeping, 1);
  while (atomic_load(&pool->runs) == seen)
    syscall(SYS_futex, &pool->runs, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
  atomic_fetch_sub(&pool->sleeping, 1);
}

static void begin_run(seqc_pool *pool) {
  atomic_fetch_add(&pool->runs, 1);
  if (atomic_load(&pool->sleeping))
    syscall(SYS_futex, &pool->runs, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* The first meeting of a run is where the others join: they have nothing to do before it, and nothing to wait for. */
static void meet(seqc_frame *frame) {
  seqc_member *self = frame->member;
  if (self->has_begun) {
    await_others(self, arrive(self));
    return;
  }
  self->has_begun = 1;
  if (self->number == 0)
    begin_run(self->pool);
}

/*===-- Runs ------------------------------------------------------------------------===*/

/* The caller's frame, with this thread's number, and memory of its own for what only one thread may use. */
static void fill_own_frame(seqc_member *self) {
  const seqc_pool *pool = self->pool;
  const seqc_program *program = pool->program;
  const seqc_frame *callers = pool->workspace->frame;
  seqc_arena own = {self->own, 0, 0};
  memcpy(self->frame, callers, sizeof *callers + (size_t)program->slot_count * sizeof(seqc_place));
  self->frame->thread = self->number;
  self->frame->member = self;
  for (int64_t i = 0; i < program->slot_count; ++i) {
    const seqc_slot *slot = &program->slots[i];
    seqc_place *place = &self->frame->places[i];
    if (slot->per_thread)
      place->base = seqc_take(&own, slot->features, slot->element);
    else if (place->base == pool->workspace->scratch)
      place->base = self->scratch;
  }
}

static void *work(void *argument) {
  seqc_member *self = argument;
  seqc_pool *pool = self->pool;
  for (int seen = 0;; seen = (int)((unsigned)seen + 1)) {
    await_run(pool, seen);
    if (pool->is_stopping)
      return NULL;
    fesetenv(&pool->environment);
    fill_own_frame(self);
    self->has_begun = 0;
    pool->function(self->frame);
    arrive(self);
  }
}

void seqc_pool_run(seqc_pool *pool, const seqc_program *program, void (*function)(seqc_frame *),
                   const seqc_workspace *workspace) {
  seqc_member *self = &pool->members[0];
  seqc_frame *frame = workspace->frame;
  pool->program = program;
  pool->function = function;
  pool->workspace = workspace;
  fegetenv(&pool->environment);
  frame->threads = pool->threads;
  frame->meet = meet;
  frame->member = self;
  self->has_begun = 0;
  function(frame);
  if (self->has_begun)
    await_others(self, arrive(self));
}

/*===-- What a call does with its pool ------------------------------------------------===*/

static uint64_t tag_of_pools(const seqc_model *model) { return ~model->tag; }

static int check_pool(const seqc_context *context) {
  const seqc_model *model = context->model;
  const seqc_pool *pool = context->call->pool;
  if ((uintptr_t)pool % SEQC_ALIGNMENT)
    return seqc_fail(context, SEQC_MISALIGNED, "pool is not aligned to %d bytes", (int64_t)SEQC_ALIGNMENT);
  if (pool->tag != tag_of_pools(model))
    return seqc_fail(context, SEQC_WRONG_CONTENT, "pool was not started by %s_pool_start", model->name);
  return SEQC_OK;
}

int seqc_take_pool(const seqc_context *context) {
  seqc_pool *pool = context->call->pool;
  if (!pool)
    return SEQC_OK;
  int status = check_pool(context);
  if (!status && atomic_exchange_explicit(&pool->is_busy, 1, memory_order_acquire))
    status =
        seqc_fail(context, SEQC_BUSY_POOL, "another call is using the pool: calls at the same time need a pool each");
  return status;
}

void seqc_release_pool(const seqc_call *call) {
  seqc_pool *pool = call->pool;
  if (pool)
    atomic_store_explicit(&pool->is_busy, 0, memory_order_release);
}

/*===-- Entry points ------------------------------------------------------------------===*/

/* Ends the threads 1 … count - 1. */
static void stop_threads(seqc_pool *pool, int64_t count) {
  pool->is_stopping = 1;
  begin_run(pool);
  for (int64_t i = 1; i < count; ++i)
    pthread_join(pool->members[i].thread, NULL);
  pool->tag = 0;
}

int seqc_run_pool_start(const seqc_model *model, const seqc_call *call) {
  seqc_context context = {.model = model, .call = call, .entry = "pool_start"};
  int status = seqc_check_call(&context);
  if (status)
    return status;
  int64_t size = seqc_pool_size(model, call->threads);
  if (size < 0)
    return seqc_fail(&context, SEQC_BAD_DIMENSION, "threads is %d, outside [1, %d]", call->threads,
                     (int64_t)most_threads);
  status = seqc_check_memory(&context, "pool", call->pool, call->pool_size, size);
  if (status)
    return status;
  seqc_arena arena = {call->pool, 0, 0};
  seqc_pool *pool = lay_out_pool(&arena, model, call->threads);
  /* Signals are for the threads of the caller. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int64_t started = 1;
  while (started < pool->threads &&
         !pthread_create(&pool->members[started].thread, NULL, work, &pool->members[started]))
    ++started;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (started < pool->threads) {
    stop_threads(pool, started);
    return seqc_fail(&context, SEQC_NO_THREAD, "the system gives %d of %d threads", started, call->threads);
  }
  pool->tag = tag_of_pools(model);
  return SEQC_OK;
}

int seqc_run_pool_stop(const seqc_model *model, const seqc_call *call) {
  seqc_context context = {.model = model, .call = call, .entry = "pool_stop"};
  int status = seqc_check_call(&context);
  if (!status && !call->pool)
    status = seqc_fail(&context, SEQC_NULL_POINTER, "pool is NULL");
  if (!status)
    status = seqc_take_pool(&context);
  if (!status)
    stop_threads(call->pool, ((seqc_pool *)call->pool)->threads);
  return status;
}
