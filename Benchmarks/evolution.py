"""Time evolution of the bistable macrospin beside qutip.mesolve; see Benchmarks/evolution."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import qutip

SIZES, PEER_SIZES = (20, 50, 100, 200, 400, 1000), (20, 50, 100)
OMEGA, GAMMA, END, POINTS = 0.5, 1.2, 10, 21
THETA, PHI = np.pi / 3, 0.2
JOB = f"""
title: benchmark
model: {{ preset: bistable-pump }}
sweep: {{ N: [{", ".join(map(str, SIZES))}], Gamma: [{GAMMA}], Omega: [{OMEGA}] }}
studies:
  - evolve: {{ initial: {{ state: coherent, theta: {THETA!r}, phi: {PHI} }}, until: {END}, points: {POINTS} }}
"""


def ours(job: Path, count: int) -> dict:
    start = time.perf_counter()
    text = subprocess.run([".build/release/macrospin", "point", str(job), "--set", f"N={count}"], capture_output=True, text=True, check=True).stdout
    wall = time.perf_counter() - start
    study = json.loads(text)["studies"]["evolve"]
    outputs = study["outputs"]
    assert study["status"] == "ok", study
    return {"seconds": study["seconds"], "wall": wall, "jz": np.array(outputs["jz_t"]["data"]), "error": outputs["evolve_error"]["data"][0] + outputs["evolve_truncation_error"]["data"][0],
            "products": outputs["evolve_products"]["data"][0], "window": f"{outputs['evolve_l_max']['data'][0]}, {outputs['evolve_q_max']['data'][0]}"}


def peer(count: int) -> dict:
    """QuTiP's default integrator (Adams) with the tolerances that give about the same error."""
    j = count / 2
    jx, jz, jm = qutip.jmat(j, "x"), qutip.jmat(j, "z"), qutip.jmat(j, "-")
    jumps = [np.sqrt(1 / j) * jm, np.sqrt(GAMMA / j**3) * jm.dag() * (j + jz)]
    state = qutip.spin_coherent(j, THETA, PHI)
    start = time.perf_counter()
    result = qutip.mesolve(OMEGA * jx, state, np.linspace(0, END, POINTS), jumps, e_ops=[jz / j], options={"rtol": 1e-8, "atol": 1e-10, "nsteps": 1_000_000, "progress_bar": ""})
    return {"seconds": time.perf_counter() - start, "jz": np.array(result.expect[0])}


def main() -> int:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job.yaml"
        job.write_text(JOB)
        for count in SIZES:
            own = ours(job, count)
            other = peer(count) if count in PEER_SIZES else None
            difference = f"{np.abs(own['jz'] - other['jz']).max():.0e}" if other else ""
            rows.append(f"| {count} | {own['window']} | {own['products']} | {own['error']:.0e} | {own['seconds']:.2f} | "
                        + (f"{other['seconds']:.2f} | {other['seconds'] / own['seconds']:.0f} | {difference} |" if other else "| | |"))
            print(rows[-1], flush=True)
    text = "\n".join([
        "# Time evolution beside QuTiP", "",
        f"The bistable macrospin (Ω = {OMEGA}, Γ = {GAMMA}, γ = 1) from a coherent state (π/3, {PHI}) to γt = {END}, {POINTS} times; one core, both in the same run. "
        f"QuTiP {qutip.__version__}: `mesolve`, Adams, rtol 1e-8, atol 1e-10; macrospin: tolerance 1e-8. By `Benchmarks/evolution`.", "",
        "| N | l, q to | products | estimated error | macrospin s | QuTiP s | ratio | greatest difference of ⟨Jz⟩/j |", "|---|---|---|---|---|---|---|---|", *rows, ""])
    if "--print" not in sys.argv:
        Path("docs/benchmarks-evolution.md").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
