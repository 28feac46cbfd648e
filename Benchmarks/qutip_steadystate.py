"""Times qutip.steadystate(method="direct") on the bistable macrospin; prints JSON. Run by Benchmarks/run in its own environment."""
import json
import resource
import sys
import time

import qutip


def main(count: int, drive: float, pump: float) -> None:
    j = count / 2
    jz, jm, jp = qutip.jmat(j, "z"), qutip.jmat(j, "-"), qutip.jmat(j, "+")
    hamiltonian = drive * qutip.jmat(j, "x")
    jumps = [(1 / j) ** 0.5 * jm, (pump / j**3) ** 0.5 * jp * (j + jz)]
    best = float("inf")
    for _ in range(3 if count <= 100 else 1):
        start = time.perf_counter()
        state = qutip.steadystate(hamiltonian, jumps, method="direct")
        best = min(best, time.perf_counter() - start)
    print(json.dumps({"seconds": best, "jz": qutip.expect(jz, state) / j,
                      "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
