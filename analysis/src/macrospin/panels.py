"""Panels, colours and legends that the figures share."""

from __future__ import annotations

import re
import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import ticker

from .archive import ArchiveError, axis_label, control_axis

MOST_PANELS = 12
# Figures of at most this width (inches) have one panel a row and their legends below.
NARROW = 4.5


def narrow() -> bool:
    """Whether figures are asked for that fit one column of a journal: panels then stand one above the other."""
    return plt.rcParams["figure.figsize"][0] <= NARROW


def point_title(dataset, where: dict) -> str:
    """Values of the axes at the indices `where`."""
    return ", ".join(f"{dataset[d].attrs.get('long_name', d)} = {float(dataset[d][i]):g}" if d in dataset.coords else f"{d} {i}" for d, i in where.items())


def wrapped_title(dataset, where: dict, width: int) -> str:
    """`point_title` in lines of at most `width` letters, broken between axes."""
    lines = [""]
    for part in point_title(dataset, where).split(", "):
        joined = ", ".join(filter(None, (lines[-1], part)))
        lines = [*lines[:-1], joined] if len(joined) <= width or not lines[-1] else [*lines, part]
    return "\n".join(lines)


def scale_control(ax, x: np.ndarray) -> None:
    """A logarithmic axis for values that were swept over decades."""
    if x.size > 2 and np.all(x > 0) and x.max() / x.min() > 20:
        ax.set_xscale("log")


def plain_ticks(axis, values, most: int = 6) -> None:
    """Ticks of a logarithmic axis at some of the values themselves, written as numbers; minor ticks without any."""
    values = np.unique(np.asarray(values, float)[np.isfinite(values)])
    if not values.size:
        return
    if values[-1] > 300 * values[0]:
        # Powers of ten read better than 31.5 and 3162.5.
        axis.set_major_locator(ticker.LogLocator(numticks=most))
        axis.set_minor_formatter(ticker.NullFormatter())
        return
    # Evenly over the logarithm: neighbours nearer than a share of it would collide.
    least, kept = max(np.log(values[-1] / values[0]), 1e-9) / most, [values[0]]
    for value in values[1:]:
        if np.log(value / kept[-1]) >= 0.98 * least:
            kept.append(value)
    axis.set_major_locator(ticker.FixedLocator(kept))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(ticker.NullFormatter())


def unit_text(unit: str) -> str:
    """A unit with Greek letters and ħ for their names: "hbar*kappa" is ħκ."""
    words = {"hbar": "ħ", "kappa": "κ", "gamma": "γ", "Gamma": "Γ", "Omega": "Ω", "omega": "ω", "Delta": "Δ", "chi": "χ"}
    text = re.sub("|".join(rf"\b{word}\b" for word in words), lambda match: words[match.group()], unit)
    return re.sub(r"(?<=[ħκγΓΩωΔχ])\s*[* ]\s*(?=[ħκγΓΩωΔχ])", "", text)


def line_axis(dataset, variable: str) -> str:
    """The control axis, if it has several values."""
    control = control_axis(dataset, variable)
    if dataset.sizes[control] < 2:
        raise ArchiveError("no axis but N has several values: there is nothing to plot against")
    return control


def limit_frequencies(ax, greatest: float, rate: float) -> None:
    """Where all eigenvalues are real, limits like their rates instead of those of rounding errors."""
    if greatest <= 1e-9 * rate:
        ax.set_ylim(-rate, rate)


def panel_grid(dataset, axes: list[str], name: str, most: int = MOST_PANELS, share_y: bool = True):
    """(figure, [(axes, indices)]): one panel for each combination of the sweep's axes; `name` says of what in the note."""
    combinations = [dict(zip(axes, index)) for index in np.ndindex(*[dataset.sizes[d] for d in axes])] or [{}]
    if len(combinations) > most:
        print(f"note: showing {most} of {len(combinations)} panels of {name}", file=sys.stderr)
        combinations = combinations[:most]
    columns = min(1 if narrow() else 3, len(combinations))
    rows = -(-len(combinations) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(3.5 * columns, 2.8 * rows), sharex=True, sharey=share_y, squeeze=False, layout="constrained")
    for spare in panels.flat[len(combinations):]:
        spare.set_visible(False)
    for ax, where in zip(panels.flat, combinations):
        ax.set_title(point_title(dataset, where))
    # Of a ragged last row the panels above it carry the numbers.
    for ax in panels.flat[max(0, len(combinations) - columns):len(combinations)]:
        ax.tick_params(labelbottom=True)
    return figure, list(zip(panels.flat, combinations))


def label_below(figure_panels, text: str) -> None:
    """The label under the lowest visible panel of every column."""
    lowest = {}
    for ax, _ in figure_panels:
        column = ax.get_subplotspec().colspan.start
        if column not in lowest or ax.get_subplotspec().rowspan.start > lowest[column].get_subplotspec().rowspan.start:
            lowest[column] = ax
    for ax in lowest.values():
        ax.set_xlabel(text)


def control_panels(dataset, variable: str):
    """One panel for each combination of the axes that are neither N nor the control axis, labelled with the latter."""
    control = control_axis(dataset, variable)
    rest = [d for d in dataset[variable].dims if d not in ("N", control) and d in dataset.coords]
    figure, panels = panel_grid(dataset, rest, variable)
    label_below(panels, axis_label(dataset, control))
    return figure, panels, control


def by_spin_count(dataset, variable: str):
    """(N or None, colour, selector) from light to dark with growing N."""
    if "N" not in dataset[variable].dims:
        return [(None, "C0", {})]
    counts = dataset["N"].values
    colours = plt.get_cmap("viridis_r")(np.linspace(0.12, 1, len(counts)))
    return [(int(n), colour, {"N": k}) for k, (n, colour) in enumerate(zip(counts, colours))]


def legend_outside(figure, panels) -> None:
    """One legend right of the panels with every label that occurs in any of them."""
    entries = {}
    for ax in panels:
        for handle, label in zip(*ax.get_legend_handles_labels()):
            entries.setdefault(label, handle)
    if entries:
        figure.legend(entries.values(), entries.keys(), loc="outside right center")
        # For `style.fit_width`, which puts it below where the figure is narrow.
        figure.side_legend = entries


def choose(dataset, axes: list[str], points: list[dict], most: int) -> list[dict]:
    """Of many points those of the largest N and the first values of the other axes, spread over the axis with most values."""
    if len(points) <= most:
        return points
    control = max((d for d in axes if d != "N"), key=lambda d: dataset.sizes[d], default=axes[0])
    for d in sorted((d for d in axes if d != control), key=lambda d: d != "N"):
        wanted = (max if d == "N" else min)(point[d] for point in points)
        points = [point for point in points if point[d] == wanted]
    spread = np.unique(np.linspace(0, len(points) - 1, most).round().astype(int))
    return [points[k] for k in spread]


def points_of(array, own: int) -> tuple[list[dict], list[str]]:
    """(points of the sweep at which a tidy variable has a number, axes of the sweep); the last `own` dimensions are its own."""
    axes = list(array.dims[: len(array.dims) - own])
    there = np.isfinite(array).any(list(array.dims[len(axes):])) if own else np.isfinite(array)
    points = [dict(zip(axes, map(int, index))) for index in np.argwhere(there.values)] if axes else [{}]
    if not points or not bool(there.any()):
        raise ArchiveError(f"{array.name} has no number at any point")
    return points, axes


def chosen_points(dataset, array, own: int, most: int, what: str) -> list[dict]:
    """Up to `most` of the points at which a tidy variable has a number, as `choose` takes them; a note tells of how many."""
    points, axes = points_of(array, own)
    chosen = choose(dataset, axes, points, most)
    if len(chosen) < len(points):
        print(f"note: showing {what} at {len(chosen)} of {len(points)} points", file=sys.stderr)
    return chosen
