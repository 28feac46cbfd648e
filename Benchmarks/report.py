"""Table and plot of what bench.py measured: benchmarks.md and benchmarks.png."""
import math

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

# The machine on which the bars were set: dgemm on one core, GF/s.
REFERENCE = 100.0
SERIES = {"single": "bistable-pump, one phase (Ω = 0.5, Γ = 0.3 … 0.4): real, one mirror plane",
          "two": "bistable-pump, two phases (Ω = 0.5, Γ = 0.62 … 0.55): real, one mirror plane",
          "complex": "driven-lmg (V = 3, Ω = 0.6 … 1.4): no mirror plane"}
PEERS = {"qutip": "qutip.steadystate", "scipy": "scipy shift-invert", "cg": "CG on L†L"}
# <Jz>/j of the point with gap 3.5532e-18, in double-double and in quadruple precision.
DEEP = 0.61121357915509861


def rounded(value):
    """Five digits are plenty for times; the raw file stays small."""
    if isinstance(value, dict):
        return {key: entry if key in ("jz", "jzLast", "gap") else rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return float(f"{value:.5g}") if isinstance(value, float) and math.isfinite(value) else value


def time_text(seconds):
    if seconds is None:
        return "–"
    for limit, factor, unit in ((1e-3, 1e6, "µs"), (1, 1e3, "ms"), (600, 1, "s"), (36_000, 1 / 60, "min")):
        if seconds < limit:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds / 3600:.3g} h"


def bytes_text(count):
    return "–" if count is None else f"{count / 1e9:.2f} GB"


def number(value, form="{:.1e}"):
    return "–" if value is None else form.format(value)


def count_text(n):
    return f"{n:,}".replace(",", " ")


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(row) + " |" for row in rows] + [""]


class Numbers:
    def __init__(self, result):
        self.result = result
        self.own = {(row["series"], row["n"]): row for row in result["own"]}
        self.peers = {(row["method"], row["n"]): row for row in result["peers"]}
        self.dgemm = result["dgemm"]["gigaflops"]

    def get(self, series, n, study, key):
        return self.own.get((series, n), {}).get(study, {}).get(key)

    def warm(self, series, n, study="steady", key="median"):
        return self.get(series, n, study, key)

    def typical(self, series, n, study="steady"):
        """Warm; a lone point where the case has no other."""
        return self.warm(series, n, study) or (self.get(series, n, study, "cold") if self.get(series, n, study, "points") == 1 else None)

    def sizes(self, series):
        return sorted(n for name, n in self.own if name == series)


def bars(x):
    """Name, bar, measured, factor to the bar (above one: met, none: not finished), whether the bar scales with the machine."""
    rows = []

    def add(label, bar, case, key, measured, factor, scales):
        """Nothing where the case was not run; a row without a factor where it was not finished."""
        series, n, study = case
        if (series, n) not in x.own:
            return
        value = x.get(series, n, study, key)
        ended = x.own[(series, n)]["ended"].get(study)
        rows.append((label, bar, measured(value), factor(value), scales) if value else (label, bar, f"not finished: {ended or 'refused'}", None, scales))

    def rate(label, series, n, bar):
        add(label, f"≥ {bar:,.0f} points/s", (series, n, "steady"), "median", lambda t: f"{1 / t:,.0f} points/s", lambda t: 1 / t / bar, True)

    def seconds(label, bar, case, key="median"):
        add(label, f"≤ {time_text(bar)}", case, key, time_text, lambda t: bar / t, True)

    def memory(label, bar, case):
        add(label + ", memory", f"≤ {bar / 1e9:g} GB", case, "peakBytes", bytes_text, lambda size: bar / size, False)

    def ratio(n, bar):
        mine, peer = x.warm("single", n), x.peers.get(("qutip", n))
        if mine and peer:
            label, theirs = f"N = {n}, qutip.steadystate over a point in a batch", peer.get("median")
            rows.append((label, f"≥ {bar} ×", f"{theirs / mine:,.0f} ×", theirs / mine / bar, False) if theirs
                        else (label, f"≥ {bar} ×", f"qutip not finished: {peer['ended']}", None, False))

    rate("N = 20, one mirror plane", "single", 20, 1e5)
    rate("N = 20, no mirror plane", "complex", 20, 8e4)
    rate("N = 100", "single", 100, 1000)
    seconds("N = 400, a point in a batch", 8e-3, ("single", 400, "steady"))
    seconds("N = 1000, a point in a batch", 40e-3, ("single", 1000, "steady"))
    seconds("N = 1000, a point in a batch (stretch)", 30e-3, ("single", 1000, "steady"))
    seconds("N = 1000, a point in a batch with its gap", 0.25, ("single", 1000, "gap"))
    for n, bar in ((20, 1000), (100, 50), (1000, 1000)):
        ratio(n, bar)
    seconds("N = 400, gap 3.55e-18 (Γ = 0.839), alone, cold", 2, ("deep", 400, "steady"), "cold")
    add("the same, error of ⟨Jz⟩/j", "≤ 1e-8", ("deep", 400, "steady"), "jz", lambda jz: number(abs(jz - DEEP)), lambda jz: 1e-8 / max(abs(jz - DEEP), 1e-17), False)
    seconds("N = 10⁴, two phases, steady state and gap, alone, cold", 15, ("two", 10_000, "gap"), "cold")
    memory("N = 10⁴, two phases, steady state and gap", 2e9, ("two", 10_000, "gap"))
    seconds("N = 10⁵, one phase, alone, cold", 2, ("single", 100_000, "steady"), "cold")
    seconds("N = 10⁵, two phases, alone, cold", 60, ("two", 100_000, "steady"), "cold")
    memory("N = 10⁵, two phases", 10e9, ("two", 100_000, "steady"))
    return rows


def bars_table(x):
    def verdict(value):
        return f"{value:.2f}" if value < 10 else f"{value:.0f}"
    rows = []
    for label, bar, measured, factor, scales in bars(x):
        if factor is None:
            rows.append((label, bar, measured, "no", "no"))
            continue
        scaled = factor * REFERENCE / x.dgemm if scales else factor
        rows.append((label, bar, measured, verdict(factor), f"**{verdict(scaled)}**" if scaled >= 1 else verdict(scaled)))
    return table(["case", "bar", "measured", "met by", "met by, flops-equivalent"], rows)


def own_table(x, series):
    rows = []
    for n in x.sizes(series):
        row = x.own[(series, n)]
        steady, gap, cost = row.get("steady", {}), row.get("gap", {}), row.get("cost", {})
        warm = steady.get("median")
        flops, seconds = cost.get("flops"), warm or steady.get("cold")
        speed = flops / seconds / 1e9 if flops and seconds else None
        notes = [text for text in (row["ended"].get("steady"), row["ended"].get("gap") and f"with gap {row['ended']['gap']}", steady.get("refusal"), gap.get("refusal"),
                                   f"{steady['unresolved']} of {steady['points']} unresolved" if steady.get("unresolved") else "") if text]
        rows.append((count_text(n), f"{steady['lMax']}, {steady['qMax']}" if steady.get("lMax") else "–",
                     count_text(cost["unknowns"]) if cost else "–", number(flops), time_text(steady.get("cold")),
                     f"{time_text(warm)} ({time_text(steady.get('best'))})" if warm else "–",
                     f"{speed:.2g} ({100 * speed / x.dgemm:.2g} %)" if speed else "–", bytes_text(steady.get("peakBytes")), number(steady.get("error")),
                     f"{gap['gapLMax']}, {gap['gapQMax']}" if gap.get("gapLMax") else "–", time_text(gap.get("cold")), time_text(gap.get("median")), bytes_text(gap.get("peakBytes")), number(gap.get("gapRelativeError")),
                     "; ".join(dict.fromkeys(notes)) or ""))
    return table(["N", "l, q ≤", "unknowns", "flops of one LU", "cold", "warm (best)", "GF/s (of dgemm)", "peak", "error of ⟨J⟩/j",
                  "gap: l, q ≤", "with gap, cold", "with gap, warm", "peak", "rel. error of gap", "remarks"], rows)


def peers_table(x):
    rows = []
    for n in sorted({n for _, n in x.peers}):
        mine, jz = x.warm("single", n), x.get("single", n, "steady", "jz")
        cells = [count_text(n), f"{time_text(mine)}"]
        for method in PEERS:
            peer = x.peers.get((method, n), {})
            if "median" in peer:
                difference = abs(peer["jz"] - jz) if jz is not None else None
                cells.append(f"{time_text(peer['median'])}, {bytes_text(peer['peakBytes'])}")
                cells.append(f"{peer['median'] / mine:,.3g}" if mine else "–")
                cells.append(number(max(difference, 1e-16)) if difference is not None else "–")
            else:
                cells += [peer.get("ended") or "–", "–", "–"]
        rows.append(tuple(cells))
    head = ["N", "macrospin"]
    for name in PEERS.values():
        head += [name, "ratio", "diff."]
    return table(head, rows)


def demo_text(demo):
    rows, total, missing = [], 0.0, False
    for row in demo["rows"]:
        theirs = row.get("extrapolated")
        missing = missing or theirs is None
        total += theirs or 0
        rows.append((count_text(row["n"]), str(row["points"]), time_text(row["ours"]),
                     f"{time_text(theirs)} (from {row['peer']['points']} of them)" if theirs else row["ended"] or "–",
                     f"{theirs / row['ours']:.3g}" if theirs else "–", number(row["difference"]), number(row["smallestGap"]), number(row["gapDifference"])))
    mine = sum(row["ours"] for row in demo["rows"])
    rows.append(("all", str(sum(row["points"] for row in demo["rows"])), time_text(mine), ("> " if missing else "") + time_text(total), f"{total / mine:.3g}", "", "", ""))
    text = ["## Seconds to a phase diagram", "",
            f"The demo job `jobs/bistable-transition.yaml`{' cut to N ≤ 40' if demo['quick'] else ''}: steady state with six observables, gap and four slowest modes on "
            f"41 × 2 points for each N, one rank. `macrospin run` took **{time_text(demo['wall'])}** from start to archive ({demo['records']} records, "
            f"{demo['unresolved']} unresolved, greatest certified error of ⟨J⟩/j {demo['worstError']:.1e}); the same grid in a QuTiP script (`steadystate`, and "
            f"`scipy.sparse.linalg.eigs` about zero; `Benchmarks/peers.py`, method `demo`) takes **{'more than ' if missing else ''}{time_text(total)}**, "
            "extrapolated: a few points of each N are measured and multiplied. It carries no certificate; its greatest difference from ours is given "
            "where ours is resolved."]
    wrong = [row for row in demo["rows"] if (row["difference"] or 0) > 1e-6]
    if wrong:
        text[-1] += (" **Its answer is not the steady state at " + ", ".join(f"N = {row['n']} (⟨Jz⟩/j off by {row['difference']:.2g}, gap {row['smallestGap']:.1e})" for row in wrong)
                     + "**: where a gap nears the rounding of its matrix, time alone does not buy the diagram.")
    text.append("")
    return text + table(["N", "points", "macrospin", "QuTiP", "ratio", "diff. of ⟨Jz⟩/j", "smallest gap compared", "rel. diff. of gap"], rows)


def document(result):
    x, machine = Numbers(result), result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    lines = ["# Benchmarks", "",
             f"Written by `Benchmarks/run`{' --quick' if result['quick'] else ''} (`make bench`) on {machine['date']} at commit {machine['commit']}; do not edit. Everything on this page was measured in "
             f"that one run of {machine['seconds'] / 60:.0f} min, each case in a process of its own, BLAS on one thread. {machine['cpu']}, {machine['threads']} hardware threads, "
             f"load before the run {machine['load']:.1f} (one is the run's own). **dgemm on one core: {x.dgemm:.0f} GF/s** ({result['dgemm']['library'].split(' NO_')[0]}, "
             f"kernels for {result['dgemm']['core']}). {versions}.", "", "![time and memory over N](benchmarks.png)", "",
             "*Cold*: a lone point with a fresh solver: symmetry search, assembly, ordering, analysis. *Warm*: median (best) a point in a sweep of one N, as a run has it. "
             "*With gap*: steady state and certified gap together. *Peak*: memory of the whole process up to there. Every state is certified (leak ≤ 1e-9, projected leak ≤ 1e-7); "
             "*GF/s* counts the flops of the LU alone over the whole time of a point, solves and certificate included.", "",
             "## Bars", "",
             f"Set on a machine whose dgemm makes {REFERENCE:.0f} GF/s a core. *Met by* is the factor to the bar, above one where it is met; *flops-equivalent* is the same with the bar "
             f"scaled by dgemm (here × {REFERENCE / x.dgemm:.2f} on times). Ratios and memory are not scaled.", ""]
    lines += bars_table(x)
    for series, title in SERIES.items():
        if x.sizes(series):
            lines += [f"## {title}", ""] + own_table(x, series)
    deep = x.own.get(("deep", 400), {}).get("steady")
    if deep:
        jz, gap = deep.get("jz"), x.get("deep", 400, "gap", "gap")
        lines += ["## At coexistence", "", f"N = 400, Ω = 0.5, Γ = 0.839 (gap 3.55320648e-18): ⟨Jz⟩/j "
                  + (f"{jz:.14f}, off by {abs(jz - DEEP):.0e}" if jz is not None else "unresolved") + f"; {time_text(deep['cold'])} alone, {time_text(deep.get('median'))} "
                  "in a sweep of three points"
                  + (f"; gap {gap:.9e} with {time_text(x.get('deep', 400, 'gap', 'cold'))} alone, {time_text(x.get('deep', 400, 'gap', 'median'))} in the sweep, both studies together."
                     if gap is not None else "."), ""]
    if x.peers:
        limits = result["limits"]
        lines += ["## Beside others, same points, same core", "",
                  "Median of one to five points of the one-phase series, warmed up; *ratio* is to a warm point of ours, *diff.* that of ⟨Jz⟩/j. Limits: "
                  + ", ".join(f"{PEERS[name]} {limits[name]:g} s" for name in PEERS) + f", {limits['memory'] / 1e9:.0f} GB; past a limit larger N are skipped. scipy: `eigs` about 1e-9‖L‖ on the (N+1)² "
                  "Liouvillian; CG to a relative residual of 1e-12.", ""] + peers_table(x)
    if "engine" in result:
        engine, solver = result["engine"], x.warm("single", 20)
        lines += ["## A whole run", "", f"`macrospin run`, N = 20, {engine['points']:,} points on one rank, each record durable in the ledger: "
                  f"**{engine['points'] / engine['wall']:,.0f} points/s** from start to archive ({engine['wall']:.2f} s, of which {engine['solving']:.2f} s solving)"
                  + (f"; the solver by itself makes {1 / solver:,.0f} points/s." if solver else "."), ""]
    if "demo" in result:
        lines += demo_text(result["demo"])
    return "\n".join(lines)


def curve(axis, points, style, label):
    points = [(n, value) for n, value in points if value]
    if points:
        axis.loglog(*zip(*points), style, label=label, markersize=5)


def plot(result, path):
    x = Numbers(result)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.6))
    singles, twos = x.sizes("single"), x.sizes("two")
    curve(left, [(n, x.typical("single", n)) for n in singles], "C1o-", "macrospin, warm")
    curve(left, [(n, x.get("single", n, "steady", "cold")) for n in singles], "C1o:", "macrospin, cold")
    curve(left, [(n, x.typical("single", n, "gap")) for n in singles], "C1^--", "macrospin, with gap")
    curve(left, [(n, x.typical("two", n)) for n in twos], "C3v-", "macrospin, two phases")
    curve(right, [(n, x.get("single", n, "steady", "peakBytes")) for n in singles], "C1o-", "macrospin")
    curve(right, [(n, x.get("single", n, "gap", "peakBytes")) for n in singles], "C1^--", "macrospin, with gap")
    curve(right, [(n, x.get("two", n, "gap", "peakBytes")) for n in twos], "C3v-", "two phases, with gap")
    for (method, name), style in zip(PEERS.items(), ("C0s--", "C2D--", "C4x--")):
        rows = [(n, row) for (known, n), row in sorted(x.peers.items()) if known == method and "median" in row]
        curve(left, [(n, row["median"]) for n, row in rows], style, name)
        curve(right, [(n, row["peakBytes"]) for n, row in rows], style, name)
    all_sizes = [n for _, n in list(x.own) + list(x.peers)]
    left.set(xlabel="N", ylabel="seconds a point", title="time")
    right.set(xlabel="N", ylabel="bytes", title="peak memory of the process")
    for axis in (left, right):
        axis.grid(color="0.92")
        axis.set_axisbelow(True)
        axis.xaxis.set_major_locator(LogLocator(10))
        axis.yaxis.set_major_locator(LogLocator(10))
        for side in (axis.xaxis, axis.yaxis):
            side.set_major_formatter(LogFormatterSciNotation())
            side.set_minor_formatter(NullFormatter())
        axis.set_xlim(min(all_sizes) / 1.5, max(all_sizes) * 1.5)
        low, high = axis.get_ylim()
        # At least a power of ten on the axis.
        axis.set_ylim(10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high)))
        axis.legend(fontsize=8, loc="lower right" if axis is left else "best")
    figure.suptitle(f"steady states, one core ({x.dgemm:.0f} GF/s dgemm), {result['machine']['date'][:10]}", fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def write(result, out):
    with open(f"{out}/benchmarks.md", "w") as file:
        file.write(document(result))
    if result["own"] or result["peers"]:
        plot(result, f"{out}/benchmarks.png")
    x = Numbers(result)
    print("\n" + "\n".join(bars_table(x)) + f"\n{out}/benchmarks.md, {out}/benchmarks.png")
