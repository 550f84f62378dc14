/*
 * Gray and Lamport's TwoPhase for N resource managers (8 unless said otherwise), step by step as the
 * paper has it. One process takes all steps, each at once, so the reachable states are those of the
 * specification and nothing else.
 */
#ifndef N
#define N 8
#endif

#define WORKING   0
#define PREPARED  1
#define COMMITTED 2
#define ABORTED   3

#define INIT 0

#define UNSENT  0
#define SENT    1
#define COUNTED 2

byte manager[N];     /* rmState */
byte vote[N];        /* Prepared(rm) in msgs, and rm in tmPrepared */
byte coordinator;    /* tmState, and the messages Commit and Abort */

#define STEPS(rm) \
  :: d_step { coordinator == INIT && vote[rm] != UNSENT -> vote[rm] = COUNTED } \
  :: d_step { manager[rm] == WORKING -> manager[rm] = PREPARED; vote[rm] = SENT } \
  :: d_step { manager[rm] == WORKING -> manager[rm] = ABORTED } \
  :: d_step { coordinator == COMMITTED -> manager[rm] = COMMITTED } \
  :: d_step { coordinator == ABORTED -> manager[rm] = ABORTED }

#if N == 8
#define ALL_COUNTED (vote[0] + vote[1] + vote[2] + vote[3] + vote[4] + vote[5] + vote[6] + vote[7] == 2 * N)
#else
#define ALL_COUNTED (vote[0] + vote[1] + vote[2] + vote[3] + vote[4] + vote[5] + vote[6] == 2 * N)
#endif

active proctype two_phase() {
  do
  :: d_step { coordinator == INIT && ALL_COUNTED -> coordinator = COMMITTED }
  :: d_step { coordinator == INIT -> coordinator = ABORTED }
  STEPS(0)
  STEPS(1)
  STEPS(2)
  STEPS(3)
  STEPS(4)
  STEPS(5)
  STEPS(6)
#if N == 8
  STEPS(7)
#endif
  od
}
