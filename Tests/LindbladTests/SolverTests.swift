import Testing

/// Everything that calls MUMPS or ARPACK runs one at a time: neither is safe on two threads.
@Suite(.serialized) enum SolverTests {}
