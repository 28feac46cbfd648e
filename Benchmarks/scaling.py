"""Efficiency, throughput and forecast of runs over ranks. Started by Benchmarks/scaling."""
import os, re, sqlite3, subprocess, sys, tempfile, time

PROGRAM = ".build/release/macrospin"
CORES = len(os.sched_getaffinity(0))


def job(points, option, y=1):
    return (f"title: bench\nmodel: {{ preset: bistable-pump }}\nsweep:\n  rehearsal.x: {{ from: 0, to: {points - 1}, points: {points} }}\n"
            f"  rehearsal.y: {{ from: 1, to: {y}, points: {y} }}\nstudies:\n  - rehearsal: {{ {option} }}\n").replace("from: 1, to: 1, points: 1", "values: [1]")


def write(folder, text, name="job.yaml"):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def run(path, out, ranks):
    """Wall seconds of the command, start and archive included."""
    start = time.monotonic()
    done = subprocess.run([PROGRAM, "run", path, "--out", out, "--ranks", str(ranks), "--oversubscribe"], capture_output=True, text=True)
    if done.returncode not in (0, 4):
        sys.exit(f"{path} on {ranks} ranks: {done.stderr}")
    return time.monotonic() - start


def forecast(path, ranks, coordinators=None):
    """(workers, sub-coordinators, seconds, efficiency, load of the busiest coordinator)."""
    words = [PROGRAM, "plan", path, "--ranks", str(ranks)] + ([] if coordinators is None else ["--coordinators", str(coordinators)])
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("    ranks"))
    found = re.match(r"\s*\d+\s+(\d+)\s+(\d+)\s+([\d.e+-]+) (s|min|h|days)\s+([\d.]+) %\s+([\d.]+) %", lines[at + 1])
    workers, subs, value, unit, efficiency, load = found.groups()
    return int(workers), int(subs), float(value) * {"s": 1, "min": 60, "h": 3600, "days": 86400}[unit], float(efficiency) / 100, float(load) / 100


def measure(folder):
    print(f"{CORES} cores\n\nEfficiency of short points (1 ms each, busy; share of the workers' time spent on them)")
    print("points  ranks  wall s  efficiency  while computing  forecast s  measured/forecast")
    for points, ranks in [(20_000, 1), (20_000, 2), (20_000, 3), (100_000, 3)]:
        path = write(folder, job(points, 'seconds: "0.001", busy: true'))
        out = f"{folder}/e{points}-{ranks}"
        wall = run(path, out, ranks)
        expected, ideal = forecast(path, ranks)[2], points * 1e-3 / max(1, ranks - 1)
        first, last = sqlite3.connect(f"{out}/ledger/0000.sqlite").execute("select min(made), max(made) from record").fetchone()
        # The first commit comes a quarter of a second after the first point.
        print(f"{points:6} {ranks:6} {wall:7.2f} {100 * ideal / wall:9.1f} % {100 * ideal / (last - first + 0.25):13.1f} % {expected:11.2f} {wall / expected:10.2f}", flush=True)

    print("\nForecast against measurement, sleeping points")
    print("points x ms   ranks  wall s  forecast s  measured/forecast")
    for points, milliseconds in [(2000, 10), (200, 100)]:
        for ranks in (1, 2, 3):
            path = write(folder, job(points, f'seconds: "{milliseconds / 1000}"'))
            wall, expected = run(path, f"{folder}/f{points}-{ranks}", ranks), forecast(path, ranks)[2]
            print(f"{points:6} x {milliseconds:3} {ranks:6} {wall:8.2f} {expected:10.2f} {wall / expected:10.2f}", flush=True)

    print("\nThroughput of one coordinator, every commit durable: points of no duration")
    for ranks in (1, 2, 3):
        path = write(folder, job(100_000, 'seconds: "0"'))
        out = f"{folder}/t{ranks}"
        run(path, out, ranks)
        # From the first record to the last, as the ledger has them.
        first, last = sqlite3.connect(f"{out}/ledger/0000.sqlite").execute("select min(made), max(made) from record").fetchone()
        commits = sqlite3.connect(f"{out}/ledger/0000.sqlite").execute("select count(distinct made) from record").fetchone()[0]
        print(f"ranks {ranks}: {100_000 / (last - first):8.0f} records/s in {commits / (last - first):5.0f} commits/s", flush=True)

    print("\nThe demo job, and as peer the same points in independent processes that know nothing of each other")
    demo = "jobs/bistable-transition.yaml"
    one = run(demo, f"{folder}/d1", 1)
    three = run(demo, f"{folder}/d3", 3)
    with open(demo) as file:
        text = file.read()
    halves = [write(folder, re.sub(r"Omega: \{.*\}", f"Omega: {{ values: [{omega}] }}", text), f"half{omega}.yaml") for omega in (0.25, 0.5)]
    start = time.monotonic()
    both = [subprocess.Popen([PROGRAM, "run", half, "--out", half[:-5]], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for half in halves]
    for process in both:
        process.wait()
    peer = time.monotonic() - start
    print(f"1 rank {one:.1f} s, 3 ranks {three:.1f} s, two separate processes {peer:.1f} s")
    print(f"efficiency on 2 workers: {100 * one / (2 * three):.1f} % of one rank's speed each, {100 * peer / three:.1f} % of the separate processes' speed", flush=True)


def simulate(folder):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    path = write(folder, job(100_000, 'seconds: "0.05"', y=1000))
    print("\nSimulated: 1e8 points of 50 ms")
    print(f"{'workers':>8} {'sub-coord.':>10} {'makespan s':>11} {'efficiency':>10} {'busiest coord.':>14} {'took s':>7}")
    curves = {}
    for label, counts, coordinators in [("one coordinator, one ledger", [1, 10, 100, 300, 1000, 2000, 3000, 10_000, 30_000, 100_000], 0),
                                        ("sub-coordinators", [1, 10, 100, 1000, 3000, 10_000, 30_000, 100_000], None)]:
        curves[label] = []
        for count in counts:
            start = time.monotonic()
            workers, subs, seconds, efficiency, load = forecast(path, count + 1, coordinators)
            print(f"{workers:8} {subs:10} {seconds:11.4g} {100 * efficiency:8.1f} % {100 * load:12.1f} % {time.monotonic() - start:7.1f}", flush=True)
            curves[label].append((workers, efficiency, load))
    figure, axes = plt.subplots(figsize=(6.4, 4))
    for (label, rows), style in zip(curves.items(), ("s--", "o-")):
        axes.semilogx([row[0] for row in rows], [row[1] for row in rows], style, label=label)
    axes.axhline(0.9, color="0.8", zorder=0)
    axes.set(xlabel="workers", ylabel="efficiency", ylim=(0, 1.05), title="1e8 points of 50 ms, simulated with measured costs")
    axes.legend()
    figure.tight_layout()
    figure.savefig("docs/scaling.png", dpi=120)
    print("docs/scaling.png")


with tempfile.TemporaryDirectory() as folder:
    if sys.argv[1:] != ["simulate"]:
        measure(folder)
    simulate(folder)
