"""Measures macrospin beside its peers and hands the numbers to report.py. Started by Benchmarks/run."""
import argparse
import datetime
import importlib.metadata
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import report

SOLVER, PROGRAM, PEERS = ".build/release/macrospin-bench", ".build/release/macrospin", "Benchmarks/peers.py"
DEMO = "jobs/bistable-transition.yaml"


def resident(pid):
    """Bytes that a process holds now."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((1024 * int(line.split()[1]) for line in file if line.startswith("VmRSS:")), 0)
    except OSError:
        return 0


def launch(words, seconds, memory):
    """Runs a program that prints lines of JSON. Returns them, and how it ended: "" or the reason it did not finish."""
    ended = ""
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        lines, errors = [], []
        readers = [threading.Thread(target=lambda: lines.extend(process.stdout)), threading.Thread(target=lambda: errors.extend(process.stderr))]
        for reader in readers:
            reader.start()
        start = time.monotonic()
        try:
            while process.poll() is None and not ended:
                if time.monotonic() - start > seconds:
                    ended = f"> {seconds:g} s"
                elif resident(process.pid) > memory:
                    ended = f"> {memory / 1e9:.0f} GB"
                else:
                    time.sleep(0.005 if time.monotonic() - start < 1 else 0.1)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for reader in readers:
                reader.join()
    if not ended and process.returncode:
        ended = next((line.strip() for line in reversed(errors) if line.strip()), f"exit {process.returncode}")
    # What was killed may have left half a line.
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n")], ended


class Progress:
    """A line a case, with the time to go from what the cases so far took against their estimates."""

    def __init__(self, estimates):
        self.start, self.done, self.total, self.count, self.number = time.monotonic(), 0.0, sum(estimates), len(estimates), 0

    def step(self, label, estimate):
        self.number += 1
        elapsed = time.monotonic() - self.start
        # Estimates are believed at first, the measured pace more and more.
        pace = (elapsed + 20) / (self.done + 20)
        print(f"[{self.number:2}/{self.count}] {elapsed:5.0f} s, about {pace * (self.total - self.done):4.0f} s to go: {label}", flush=True)
        self.done += estimate


PUMP = {"preset": "bistable-pump", "fixed": {"Omega": 0.5}, "axis": "Gamma"}
SERIES = {
    "single": dict(PUMP, **{"from": 0.3, "to": 0.4}),
    # From the far end: at 0.55 there is but one attractor yet, and lone points are the first.
    "two": dict(PUMP, **{"from": 0.62, "to": 0.55}),
    "complex": {"preset": "driven-lmg", "fixed": {"V": 3.0}, "axis": "Omega", "from": 0.6, "to": 1.4},
}
# N: points of the sweep, of the sweep with gaps, handed over at a time; the study hands over as many.
POINTS = {20: (4096, 64, 64), 50: (1024, 32, 64), 100: (512, 16, 64), 200: (64, 8, 8), 400: (32, 8, 8), 1000: (16, 8, 8),
          10_000: (2, 2, 1), 100_000: (1, 1, 1)}


# Seconds that a case takes, about: with steady states alone, and with gaps.
ESTIMATES = {20: (3, 4), 50: (3, 5), 100: (3, 10), 200: (4, 10), 400: (5, 30), 1000: (8, 60), 10_000: (40, 90), 100_000: (60, 100)}


def own_cases(quick, limit):
    """N, series, study, words for the solver, seconds expected."""
    for n, (points, with_gap, chunk) in POINTS.items():
        if quick and n not in (20, 100, 400):
            continue
        for series, words in SERIES.items():
            if series == "complex" and n > (20 if quick else 10_000):
                continue
            for study, estimate in zip(("steady", "gap"), ESTIMATES[n]):
                yield n, series, study, dict(words, n=n, points=points, gapPoints=with_gap, chunk=chunk, studies=[study],
                                             seconds=0.5 if quick else 2.0), min(limit, estimate * (0.5 if quick else 1))
        if n == 400:
            for study, estimate in (("steady", 3), ("gap", 6)):
                yield n, "deep", study, dict(PUMP, **{"from": 0.839, "to": 0.8392}, n=400, points=3, gapPoints=3, chunk=3, seconds=0.5, studies=[study]), estimate


def peer_cases(quick, limits):
    for n in [20, 50, 100, 200, 400, 1000]:
        if quick and n not in (20, 100):
            continue
        for method, limit in limits.items():
            count = 5 if n <= 100 else 2 if n <= 200 else 1
            words = SERIES["single"]
            values = [dict(words["fixed"], Gamma=words["from"] + (words["to"] - words["from"]) * k / 10) for k in range(count)]
            slow = {"qutip": {20: 2, 50: 2, 100: 3, 200: 3, 400: 7, 1000: 150}, "scipy": {20: 2, 50: 2, 100: 3, 200: 5, 400: 20, 1000: 240},
                    "cg": {20: 2, 50: 3, 100: 20, 200: 60, 400: 0, 1000: 0}}[method][n]
            yield n, method, "", {"method": method, "n": n, "model": words["preset"], "values": values}, min(slow, limit)


def summary(lines):
    """Of the points that a peer finished: best, median, peak memory."""
    good = [line for line in lines if "seconds" in line]
    if not good:
        return {}
    times = sorted(line["seconds"] for line in good)
    return {"best": times[0], "median": times[len(times) // 2], "points": len(good), "jz": good[0]["jz"],
            "peakBytes": max(line["peakBytes"] for line in good)}


def engine(folder, points):
    """A run of points at N = 20 on one rank: every record durable in the ledger, then the archive."""
    side = points // 20
    path = f"{folder}/engine.yaml"
    with open(path, "w") as file:
        file.write("title: bench\nmodel: { preset: bistable-pump }\nsweep:\n  N: [20]\n"
                   f"  Gamma: {{ from: 0.3, to: 0.4, points: {side} }}\n  Omega: {{ from: 0.45, to: 0.55, points: 20 }}\nstudies: [steadyState]\n")
    start = time.monotonic()
    subprocess.run([PROGRAM, "run", path, "--out", f"{folder}/engine"], check=True, capture_output=True, timeout=600)
    wall = time.monotonic() - start
    with sqlite3.connect(f"{folder}/engine/ledger/0000.sqlite") as ledger:
        count, solving, first, last = ledger.execute("select count(*), sum(seconds), min(made), max(made) from record").fetchone()
    return {"points": count, "wall": wall, "solving": solving, "ledger": last - first}


def demo(folder, quick, memory, limit):
    """The demo job, and what the same grid takes a QuTiP user: some points of each N, times their number."""
    import h5py
    with open(DEMO) as file:
        text = file.read()
    if quick:
        text = re.sub(r"N: +\[.*\]", "N: [20, 40]", text)
    path = f"{folder}/demo.yaml"
    with open(path, "w") as file:
        file.write(text)
    start = time.monotonic()
    done = subprocess.run([PROGRAM, "run", path, "--out", f"{folder}/demo"], capture_output=True, text=True, timeout=1800)
    wall = time.monotonic() - start
    if done.returncode not in (0, 4):
        raise RuntimeError(f"{DEMO}: {done.stderr}")
    rows = []
    with h5py.File(f"{folder}/demo/archive.h5") as file, sqlite3.connect(f"{folder}/demo/ledger/0000.sqlite") as ledger:
        axes = {name: list(file[name][...]) for name in ("N", "Gamma", "Omega")}
        dimensions = [scale.label for scale in file["jz"].dims] if any(scale.label for scale in file["jz"].dims) else ["N", "Gamma", "Omega"]
        assert file["jz"].shape == tuple(len(axes[name]) for name in dimensions), "unexpected order of dimensions"
        ours = {name: file[name][...] for name in ("jz", "gap", "state_error", "status_steadyState", "status_gap")}
        unresolved = int(sum((ours[name] != 0).sum() for name in ("status_steadyState", "status_gap")))
        worst = float(max(ours["state_error"][ours["status_steadyState"] == 0]))
        for place, n in enumerate(axes["N"]):
            n, grid = int(n), len(axes["Gamma"]) * len(axes["Omega"])
            mine = ledger.execute("select sum(seconds), count(*) from record where point like ?", (f"N={n};%",)).fetchone()
            # Below the transition, at it and beyond; the heaviest N at the transition alone.
            picks = [len(axes["Gamma"]) // 3] if n > 200 else [0, len(axes["Gamma"]) // 3, len(axes["Gamma"]) - 1]
            values = [{"Gamma": float(axes["Gamma"][k]), "Omega": float(axes["Omega"][-1])} for k in picks]
            theirs, ended = launch([sys.executable, PEERS, json.dumps({"method": "demo", "n": n, "model": "bistable-pump", "values": values})], limit, memory)
            row = {"n": n, "points": grid, "ours": mine[0], "records": mine[1], "ended": ended} | {"peer": summary(theirs)}
            differences = [abs(line["jz"] - float(ours["jz"][place, k, -1])) for line, k in zip(theirs, picks) if "jz" in line]
            row["difference"] = max((d for d in differences if d == d), default=None)
            gaps = [(line["gap"], float(ours["gap"][place, k, -1])) for line, k in zip(theirs, picks) if line.get("gap")]
            row["gapDifference"] = max((abs(a - b) / abs(b) for a, b in gaps if b == b), default=None)
            row["smallestGap"] = min((b for _, b in gaps if b == b), default=None)
            if "median" in row["peer"]:
                good = [line["seconds"] for line in theirs if "seconds" in line]
                row["extrapolated"] = sum(good) / len(good) * grid
            rows.append(row)
    return {"wall": wall, "records": sum(row["records"] for row in rows), "unresolved": unresolved, "worstError": worst, "rows": rows, "quick": quick}


def machine():
    def first(path, key):
        with open(path) as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith(key)), "unknown")
    return {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "cpu": first("/proc/cpuinfo", "model name"),
            "threads": len(os.sched_getaffinity(0)), "memory": first("/proc/meminfo", "MemTotal"), "load": os.getloadavg()[0],
            "commit": subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip(),
            "versions": {name: importlib.metadata.version(name) for name in ("qutip", "scipy", "numpy", "matplotlib")} | {"python": sys.version.split()[0]}}


def dgemm():
    lines, ended = launch([SOLVER, json.dumps({"dgemm": 2000})], 120, 4e9)
    if not lines:
        sys.exit(f"dgemm: {ended}")
    return lines[0]


def main():
    parser = argparse.ArgumentParser(prog="Benchmarks/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="N = 20, 100, 400, the demo job to N = 40; writes to runs/benchmarks")
    parser.add_argument("--report", action="store_true", help="table and plot anew from the numbers of the last run")
    parser.add_argument("--out", help="folder for benchmarks.md, .png and .json (default docs; runs/benchmarks with --quick and --only)")
    parser.add_argument("--only", help="a part of it", nargs="*", default=["own", "peers", "engine", "demo"], choices=["own", "peers", "engine", "demo"])
    parser.add_argument("--limit", type=float, help="seconds a case of macrospin may take (default 120, quick 15)")
    parser.add_argument("--memory", type=float, default=12, help="gigabytes a process may take (default 12)")
    options = parser.parse_args()
    # The page in docs is one whole run, nothing less.
    is_whole = not options.quick and len(options.only) == 4
    out = options.out or ("docs" if is_whole else "runs/benchmarks")
    os.makedirs(out, exist_ok=True)
    if options.report:
        with open(f"{out}/benchmarks.json") as file:
            return report.write(json.load(file), out)
    if not (os.access(SOLVER, os.X_OK) and os.access(PROGRAM, os.X_OK)):
        sys.exit("build first: make build")
    memory, limit = options.memory * 1e9, options.limit or (15 if options.quick else 120)
    limits = {"qutip": 20, "scipy": 20, "cg": 5} if options.quick else {"qutip": 300, "scipy": 120, "cg": 60}

    own = list(own_cases(options.quick, limit)) if "own" in options.only else []
    peers = list(peer_cases(options.quick, limits)) if "peers" in options.only else []
    # By N, so that what is compared is measured side by side.
    cases = sorted([("own",) + case for case in own] + [("peer",) + case for case in peers], key=lambda case: case[1])
    tail = [(name, cost) for name, cost in (("engine", 5), ("demo", 10 if options.quick else 250)) if name in options.only]
    progress = Progress([1] + [case[5] for case in cases] + [cost for _, cost in tail] + [1])
    result = {"machine": machine(), "quick": options.quick, "own": [], "peers": [], "limits": dict(limits, own=limit, memory=memory)}

    def save():
        """After every case: an interrupted run can still be reported."""
        result["machine"]["seconds"] = time.monotonic() - progress.start
        with open(f"{out}/benchmarks.json", "w") as file:
            json.dump(report.rounded(result), file, indent=1)
            file.write("\n")

    progress.step("dgemm", 1)
    speeds = [dgemm()]
    result["dgemm"] = {"gigaflops": speeds[0]["gigaflops"], "core": speeds[0]["core"], "library": speeds[0]["library"]}
    beaten = {}
    for kind, n, name, study, words, estimate in cases:
        save()
        if kind == "own":
            progress.step(f"macrospin {name} N={n}, {study}", estimate)
            lines, ended = launch([SOLVER, json.dumps(words)], limit, memory)
            row = next((row for row in result["own"] if (row["series"], row["n"]) == (name, n)), None)
            if row is None:
                result["own"].append(row := {"n": n, "series": name, "ended": {}})
            row["ended"][study] = ended
            # A later line of a study replaces an earlier one.
            for line in lines:
                row[line.pop("study")] = line
            if ended:
                print(f"        {ended}")
            continue
        if name in beaten:
            progress.step(f"{name} N={n}: skipped, {beaten[name]} at smaller N", estimate)
            result["peers"].append({"n": n, "method": name, "ended": "skipped"})
            continue
        progress.step(f"{name} N={n}", estimate)
        lines, ended = launch([sys.executable, PEERS, json.dumps(words)], limits[name], memory)
        ended = ended or next((line["refusal"] for line in lines if "refusal" in line), "")
        result["peers"].append({"n": n, "method": name, "ended": ended} | summary(lines))
        if ended:
            beaten[name] = ended
            print(f"        {ended}")
    with tempfile.TemporaryDirectory() as folder:
        for name, cost in tail:
            progress.step({"engine": "a whole run of points at N=20", "demo": "the demo job"}[name], cost)
            save()
            try:
                result[name] = engine(folder, 20_000) if name == "engine" else demo(folder, options.quick, memory, limits["qutip"])
            except (subprocess.SubprocessError, RuntimeError) as error:
                print(f"        {error}")
    progress.step("dgemm again", 1)
    speeds.append(dgemm())
    # A neighbour can only slow it down.
    result["dgemm"].update(gigaflops=max(speed["gigaflops"] for speed in speeds), each=[speed["gigaflops"] for speed in speeds])
    save()
    report.write(result, out)


main()
