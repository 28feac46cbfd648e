"""Steady states by other means, timed one case a process: Benchmarks/run starts this in an environment of its own.

    python peers.py '{"method": "qutip", "n": 20, "model": "bistable-pump", "values": [{"Omega": 0.5, "Gamma": 0.3}]}'

Prints one line of JSON for each point as soon as it is there, so that a time limit loses only what came later.
Methods: qutip (steadystate, direct), scipy (shift-invert about zero), cg (on L'L with the trace row), demo (steady state and
slowest modes as a QuTiP user writes it). The Liouvillian of scipy and cg is built from Kronecker products here.
"""
import json
import resource
import sys
import time

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg as linalg


def spin(n):
    j = n / 2
    m = np.arange(j, -j - 1, -1)
    jp = sparse.diags([np.sqrt(j * (j + 1) - m[1:] * (m[1:] + 1))], [1], format="csr")
    return sparse.diags([m], [0], format="csr"), jp, jp.T.tocsr()


def model(name, n, p):
    """Hamiltonian and jumps with their rates in them, as sparse matrices."""
    j = n / 2
    jz, jp, jm = spin(n)
    jx, one = 0.5 * (jp + jm), sparse.identity(n + 1, format="csr")
    if name == "bistable-pump":
        gamma = p.get("gamma", 1.0)
        return p["Omega"] * jx, [(gamma / j) ** 0.5 * jm, (p["Gamma"] / j**3) ** 0.5 * jp @ (j * one + jz)]
    if name == "driven-lmg":
        return p["Omega"] * jx - p["V"] / n * jz @ jz, [(p.get("kappa", 1.0) / n) ** 0.5 * jm]
    raise SystemExit(f"no model {name}")


def liouvillian(hamiltonian, jumps):
    """Column-stacked: vec(A X B) = (B^T kron A) vec X."""
    one = sparse.identity(hamiltonian.shape[0], format="csr")
    total = -1j * (sparse.kron(one, hamiltonian) - sparse.kron(hamiltonian.T, one))
    for jump in jumps:
        square = jump.conj().T @ jump
        total = total + sparse.kron(jump.conj(), jump) - 0.5 * (sparse.kron(one, square) + sparse.kron(square.T, one))
    return total.tocsc()


def polarisation(vector, n):
    diagonal = np.diag(vector.reshape((n + 1, n + 1), order="F"))
    return ((np.arange(n / 2, -n / 2 - 1, -1) * diagonal).sum() / diagonal.sum()).real / (n / 2)


def with_scipy(name, n, p):
    matrix = liouvillian(*model(name, n, p))
    shift = 1e-9 * abs(matrix).max()
    # A start of its own: the default is random.
    _, vectors = linalg.eigs(matrix, k=1, sigma=shift, which="LM", v0=np.eye(n + 1).ravel() + 0j)
    return polarisation(vectors[:, 0], n)


def with_cg(name, n, p):
    matrix = liouvillian(*model(name, n, p))
    row = sparse.csc_matrix(np.eye(n + 1).ravel()[None, :])
    system = sparse.vstack([matrix, row]).tocsc()
    adjoint = system.conj().T.tocsr()
    normal = linalg.LinearOperator(2 * (matrix.shape[0],), matvec=lambda x: adjoint @ (system @ x), dtype=complex)
    target = np.zeros(matrix.shape[0] + 1, complex)
    target[-1] = 1
    vector, info = linalg.cg(normal, adjoint @ target, x0=np.eye(n + 1).ravel() / (n + 1) + 0j, rtol=1e-12, maxiter=20 * matrix.shape[0])
    if info:
        raise RuntimeError(f"no convergence in {info} iterations")
    return polarisation(vector, n)


def with_qutip(name, n, p):
    import qutip
    hamiltonian, jumps = model(name, n, p)
    state = qutip.steadystate(qutip.Qobj(hamiltonian), [qutip.Qobj(jump) for jump in jumps], method="direct")
    return qutip.expect(qutip.jmat(n / 2, "z"), state) / (n / 2)


def with_demo(name, n, p):
    """Steady state, six observables and the four slowest modes, as the demo job has them."""
    import qutip
    hamiltonian, jumps = (lambda h, c: (qutip.Qobj(h), [qutip.Qobj(x) for x in c]))(*model(name, n, p))
    state = qutip.steadystate(hamiltonian, jumps, method="direct")
    spins = [qutip.jmat(n / 2, axis) / (n / 2) for axis in "xyz"]
    values = [qutip.expect(observable, state) for observable in spins + [a * a for a in spins]]
    matrix = qutip.liouvillian(hamiltonian, jumps).to("csr").data.as_scipy().tocsc()
    # One stationary mode, four wanted, room for a conjugate each.
    found = linalg.eigs(matrix, k=min(9, matrix.shape[0] - 2), sigma=1e-9 * abs(matrix).max(), which="LM", return_eigenvectors=False)
    rates = np.sort(-found.real)
    return values[2], rates[1]


def peak_bytes():
    """Of this program alone: ru_maxrss would remember the process that started it."""
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def main(job):
    limit = job.get("bytes")
    if limit:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    method = {"scipy": with_scipy, "cg": with_cg, "qutip": with_qutip, "demo": with_demo}[job["method"]]
    # Imports and first-call costs of the libraries are no point's.
    method(job["model"], 4, job["values"][0])
    for values in job["values"]:
        start = time.perf_counter()
        try:
            result = method(job["model"], job["n"], values)
        except (MemoryError, RuntimeError, ArithmeticError, linalg.ArpackError) as error:
            print(json.dumps({"values": values, "refusal": f"{type(error).__name__}: {error}".splitlines()[0]}), flush=True)
            return
        seconds = time.perf_counter() - start
        jz, gap = result if isinstance(result, tuple) else (result, None)
        print(json.dumps({"values": values, "seconds": seconds, "jz": float(jz), "gap": gap if gap is None else float(gap),
                          "peakBytes": peak_bytes()}), flush=True)


main(json.loads(sys.argv[1]))
