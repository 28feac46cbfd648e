"""Instanton barriers beside exact rates and gaps: figures `barriers` and `gap-instanton`."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError, axis_label
from .extrapolation import barrier_extrapolation, limit
from .panels import label_below, legend_outside, panel_grid, point_title
from .semiclassical import control_of, crossings, gap_exponent, has, pairs, representation, sweep_axes, tidy

MOST_LINES, MOST_ROWS = 6, 4
# With j |A12 - A21| below this the gap is a sum of two exponentials rather than one.
MIXED = 4


def plot_barriers(dataset):
    """Barriers of each pair of states against the control axis, one panel per value of the other axes.

    Lines are instanton barriers (Q and P solid, SW dashed), points those of exact rates extrapolated in 1/j²; open ones
    are the estimator itself where a single N has one. Vertical lines: where 1→2 and 2→1 are equal.
    """
    barrier = tidy(dataset, "barrier") if has(dataset, "barrier") else None
    exact = barrier_extrapolation(dataset) if has(dataset, "barrier_estimate") and "N" in dataset["barrier_estimate"].dims else None
    for found, what in ((barrier, "barrier (study instanton)"), (exact, "barrier_estimate (study rates) over N")):
        if found is None:
            print(f"note: the archive has no variable {what}: barriers are drawn without it", file=sys.stderr)
    main = barrier if barrier is not None else exact["barrier"] if exact is not None else None
    if main is None:
        raise ArchiveError("there is neither barrier nor barrier_estimate")
    lines = {name: representation(barrier, name) for name in ("Q", "P", "SW")} if barrier is not None else {}
    control = control_of(main)
    figure, panels = panel_grid(dataset, [d for d in sweep_axes(main) if d != control], "barrier")
    known = pairs(*lines.values(), exact["last_estimate"] if exact is not None else None)
    x = dataset[control].values
    for ax, where in panels:
        for k, (start, end) in enumerate(known):
            colour, at, name = f"C{k}", {**where, "from_state": start, "to_state": end}, f"{start + 1} → {end + 1}"
            ax.plot([], [], "s", color=colour, markersize=6, label=name)
            for label, values in lines.items():
                if values is not None:
                    ax.plot(x, values.isel(at), "--" if label == "SW" else "-", color=colour, marker="_" if len(x) == 1 else None)
            if exact is not None:
                _draw_exact(ax, x, exact.isel({d: i for d, i in at.items() if d in exact.dims}), colour)
        _mark_equality(ax, x, lines.get("Q"), where)
        ax.set_ylim(bottom=0)
    ax = panels[0][0]
    for name, style in (("instanton", "-"), ("semiclassical\nWigner", "--")):
        if any(lines.get(label) is not None for label in (("SW",) if style == "--" else ("Q", "P"))):
            ax.plot([], [], style, color="0.4", label=name)
    if exact is not None:
        ax.plot([], [], "o", color="0.4", markersize=3.5, label="exact rates,\n$N \\to \\infty$")
        if bool((exact["estimates"] == 1).any()):
            ax.plot([], [], "o", color="0.4", markersize=3.5, markerfacecolor="none", label="exact rates,\nlargest $N$")
    for ax, _ in panels:
        if ax.get_subplotspec().colspan.start == 0:
            ax.set_ylabel(r"barrier $A$ (rate $\sim e^{-jA}$)")
    label_below(panels, axis_label(dataset, control))
    legend_outside(figure, [ax for ax, _ in panels])
    return figure


def _draw_exact(ax, x, exact, colour) -> None:
    value, alone = exact["barrier"].values, exact["last_estimate"].where(exact["estimates"] == 1).values
    if np.isfinite(value).any():
        ax.errorbar(x, value, yerr=np.nan_to_num(exact["barrier_error"].values), fmt="o", color=colour, markersize=3.5, elinewidth=0.8, capsize=2)
    if np.isfinite(alone).any():
        ax.plot(x, alone, "o", color=colour, markersize=3.5, markerfacecolor="none")


def _mark_equality(ax, x, barrier, where) -> None:
    if barrier is None or min(barrier.sizes["from_state"], barrier.sizes["to_state"]) < 2:
        return
    here = barrier.isel(where)
    for place in crossings(x, (here.isel(from_state=0, to_state=1) - here.isel(from_state=1, to_state=0)).values):
        ax.axvline(place, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.text(place, 0.98, f"{place:.4g} ", transform=ax.get_xaxis_transform(), rotation=90, ha="right", va="top", fontsize=7, color="0.35")


def plot_gap_instanton(dataset):
    """Gap against j with the slopes of the instanton and of the semiclassical Wigner function, and gap·exp(jA) against 1/j.

    One row per value of the axes beside the control axis, in it up to six points along the control axis. Slopes are
    normalised at the largest j; the prefactor's dotted line is the extrapolation through the two largest j (open square),
    left out next to the transition, where two exponentials of j |A12 - A21| < 4 make up the gap.
    """
    gap = tidy(dataset, "gap")
    exponents = {name: gap_exponent(dataset, name) for name in ("Q", "SW")}
    exponent, difference = exponents["Q"], _difference(dataset)
    if exponent is None:
        raise ArchiveError("there are neither gap_exponent nor barriers of two states in the representation Q")
    control = control_of(exponent)
    rest = [d for d in sweep_axes(exponent) if d != control]
    if "N" not in gap.dims:
        raise ArchiveError("gap does not depend on N")
    both = (np.isfinite(gap) & (gap > 0)).sum("N") >= 2
    both = (both & np.isfinite(exponent)).transpose(*rest, control)
    rows = [(dict(zip(rest, map(int, index))), np.flatnonzero(both.values[index])) for index in np.ndindex(*both.shape[:-1])]
    rows = [(where, places) for where, places in rows if places.size]
    if not rows:
        raise ArchiveError("no point has both an exponent and gaps at two N or more")
    if len(rows) > MOST_ROWS:
        print(f"note: showing {MOST_ROWS} of {len(rows)} rows of gap-instanton", file=sys.stderr)
        rows = rows[:MOST_ROWS]
    figure, panels = plt.subplots(len(rows), 2, figsize=(7.6, 2.7 * len(rows)), squeeze=False, layout="constrained")
    for (left, right), (where, places) in zip(panels, rows):
        places = places[np.unique(np.linspace(0, places.size - 1, MOST_LINES).round().astype(int))]
        for place, colour in zip(places, plt.get_cmap("plasma")(np.linspace(0, 0.85, places.size))):
            at = {**where, control: place}
            slopes = {name: float(values.isel(at)) for name, values in exponents.items() if values is not None}
            label = f"{dataset[control].attrs.get('long_name', control)} = {float(dataset[control][place]):g}"
            alone = float("inf") if difference is None else float(difference.isel(at))
            _draw_gaps(left, right, gap.isel({d: i for d, i in at.items() if d in gap.dims}), slopes, alone, colour, label)
        left.set_yscale("log")
        right.set_xlim(left=0)
        unit = dataset["gap"].attrs.get("units", "1")
        left.set_ylabel("gap" if unit in ("", "1") else f"gap ({unit})")
        right.set_ylabel(r"$K = $ gap $\cdot\, e^{jA}$" + ("" if unit in ("", "1") else f" ({unit})"))
        left.set_title(point_title(dataset, where))
        right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    first = panels[0, 0]
    first.plot([], [], "-", color="0.4", label=r"$\propto e^{-jA}$, instanton")
    if exponents["SW"] is not None:
        first.plot([], [], "--", color="0.4", label="semiclassical Wigner")
    first.legend(loc="lower left")
    panels[-1, 0].set_xlabel("$j = N/2$")
    panels[-1, 1].set_xlabel("$1/j$")
    return figure


def _difference(dataset):
    """|A12 - A21|, where there are barriers of two states."""
    barrier = representation(tidy(dataset, "barrier"), "Q") if has(dataset, "barrier") else None
    if barrier is None or min(barrier.sizes["from_state"], barrier.sizes["to_state"]) < 2:
        return None
    return abs(barrier.isel(from_state=0, to_state=1, drop=True) - barrier.isel(from_state=1, to_state=0, drop=True))


def _draw_gaps(left, right, gap, slopes, alone, colour, label) -> None:
    gap = gap.sortby("N").where(gap > 0).dropna("N")
    j, values = gap["N"].values / 2, gap.values
    left.plot(j, values, "o", color=colour)
    for name, slope in slopes.items():
        if np.isfinite(slope):
            left.plot(j, values[-1] * np.exp(slope * (j[-1] - j)), "-" if name == "Q" else "--", color=colour, linewidth=0.9)
    scaled = np.exp(np.log(values) + j * slopes["Q"])
    right.plot(1 / j, scaled, "o", color=colour, label=label)
    if j[-1] * alone < MIXED:
        return
    end, error, _ = limit(1 / j, scaled)
    right.plot([0, 1 / j[-2]], [end, scaled[-2]], ":", color=colour, linewidth=0.8)
    right.errorbar([0], [end], yerr=[error], fmt="s", color=colour, markersize=3.5, markerfacecolor="none", capsize=2, elinewidth=0.8, clip_on=False)
