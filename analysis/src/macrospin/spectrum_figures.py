"""Figures `spectrum`, `spectrum-leading` and `gap-antigap` of the study `spectrum`."""

from __future__ import annotations

import sys

import matplotlib.colors
import matplotlib.pyplot as plt
import numpy as np

from .archive import axis_label, status_mask
from .exceptional import consumed_name, draw_points, order_handles
from .panels import by_spin_count, choose, chosen_points, legend_outside, limit_frequencies, line_axis, points_of, scale_control, unit_text, wrapped_title
from .semiclassical import has, tidy
from .spectra import at, levels_at, sector_names

MOST_POINTS, MOST_COLUMNS = 6, 3
SLOW, LEADING = 24, 12
# Okabe and Ito: told apart by colour-blind readers too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
# Where levels are few, sectors differ in the size of their marks too, the greatest first: levels of two may lie upon each other.
GREATEST, LEAST = 4.6, 2.5


def sector_colours(names: list[str]) -> dict[str, object]:
    """A colour for every name; more than eight (|q| of an axially symmetric model) run through viridis in their order."""
    names = list(dict.fromkeys(names))
    shades = COLOURS if len(names) <= len(COLOURS) else plt.get_cmap("viridis")(np.linspace(0, 0.95, len(names)))
    return dict(zip(names, shades))


def sector_sizes(names) -> dict[str, float]:
    """Sizes of marks for every name: falling, or one for all where there are too many names to tell sizes apart."""
    falling = 1 < len(names) <= len(COLOURS)
    return dict(zip(names, np.linspace(GREATEST, LEAST, len(names)) if falling else np.full(len(names), 3.2)))


def sector_handles(colours: dict, sizes: dict | None = None) -> list:
    """Entries of the legend; of more than eight names the first, the last and some between."""
    names = list(colours)
    shown = names if len(names) <= len(COLOURS) else [names[k] for k in np.linspace(0, len(names) - 1, 6).round().astype(int)]
    return [plt.Line2D([], [], marker="o", linestyle="none", markeredgewidth=0, color=colours[name], label=name, markersize=sizes[name] if sizes else 4.5)
            for name in shown]


def rate_label(dataset, name: str, text: str) -> str:
    unit = dataset[name].attrs.get("units", "1")
    return text if unit in ("", "1") else f"{text} ({unit_text(unit)})"


def kernel(dataset, table, where: dict) -> np.ndarray:
    """Which levels are counted as stationary: as many as the study says, those of least modulus."""
    count = float(at(tidy(dataset, "spectrum_kernel_dimension"), where)) if has(dataset, "spectrum_kernel_dimension") else 1
    order = np.argsort(np.abs(table["eigenvalue"].values), kind="stable")
    mask = np.zeros(len(table), bool)
    mask[order[: int(np.nan_to_num(count, nan=1))]] = True
    return mask


def plot_spectrum(dataset):
    """All eigenvalues in the complex plane, and below them the slowest, at up to six points; colours are symmetry sectors.

    Filled marks are where the eigenvalue is; open, faint ones may be elsewhere: rounding moves them by more than their own
    size in this panel, or by nobody knows how much. Crosses: stationary; vertical lines: gap (dashed), antigap (dotted).
    """
    chosen = chosen_points(dataset, tidy(dataset, "spectrum"), 1, MOST_POINTS, "spectra")
    tables = [levels_at(dataset, where) for where in chosen]
    colours = sector_colours([name for where, table in zip(chosen, tables) for name in sector_names(dataset, where, int(table["sector"].max()) + 1)])
    columns = 2 if len(chosen) == 4 else min(MOST_COLUMNS, len(chosen))
    rows = 2 * -(-len(chosen) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(2.2 * columns + 1.5, 1.95 * rows), squeeze=False, layout="constrained")
    for spare in panels.flat:
        spare.set_visible(False)
    drawn = []
    for k, (where, table) in enumerate(zip(chosen, tables)):
        row, column = 2 * (k // columns), k % columns
        stationary = kernel(dataset, table, where)
        whole, slow = panels[row, column], panels[row + 1, column]
        _frame(whole, table["eigenvalue"].values)
        _frame(slow, slowest(table[~stationary], SLOW)["eigenvalue"].values)
        whole.set_title(wrapped_title(dataset, where, 24), fontsize=8)
        _draw_line(whole, dataset, where, "antigap", ":")
        _draw_line(slow, dataset, where, "spectrum_gap", "--")
        for ax in (whole, slow):
            ax.set_visible(True)
            if column == 0:
                ax.set_ylabel(rate_label(dataset, "spectrum_im", r"Im $\lambda$"))
        slow.set_xlabel(rate_label(dataset, "spectrum_re", r"Re $\lambda$"))
        drawn += [(whole, table, stationary), (slow, table, stationary)]
    figure.legend(handles=sector_handles(colours) + _mark_handles(), loc="outside right center")
    # What a mark covers is known only when the panels have their places.
    figure.draw_without_rendering()
    for ax, table, stationary in drawn:
        lost = _draw_levels(ax, table, stationary, colours)
        if lost:
            ax.text(0.99, 0.99, f"{lost} of {len(table)}\nuncertain", transform=ax.transAxes, ha="right", va="top", fontsize=6.5, color="0.3")
    return figure


def _mark_handles() -> list:
    return [plt.Line2D([], [], marker="o", linestyle="none", markersize=4, color="0.55", markerfacecolor="none", label="uncertain: error\nabove the mark"),
            plt.Line2D([], [], marker="x", linestyle="none", markersize=5, color="black", label="stationary"),
            plt.Line2D([], [], linestyle="--", color="0.35", linewidth=0.8, label="gap"),
            plt.Line2D([], [], linestyle=":", color="0.35", linewidth=0.9, label="antigap")]


def _frame(ax, values: np.ndarray) -> None:
    """Limits that hold the values and zero, with a margin for the marks."""
    if values.size == 0:
        values = np.array([-1.0])
    slowest, height = min(values.real.min(), 0), np.abs(values.imag).max()
    width = max(-slowest, 1e-300)
    # Levels on the axis alone: any height will do.
    height = height if height > 1e-9 * width else width / 2
    ax.set(xlim=(-1.06 * width, 0.06 * width), ylim=(-1.12 * height, 1.12 * height))
    ax.axhline(0, color="0.9", linewidth=0.5, zorder=0)


def slowest(table, count: int):
    """The first levels of the table, no pair cut in two."""
    rates = -table["eigenvalue"].values.real
    return table[rates <= rates[count - 1] * (1 + 1e-12)] if rates.size > count else table


def _draw_line(ax, dataset, where: dict, name: str, style: str) -> None:
    rate = float(at(tidy(dataset, name), where)) if has(dataset, name) else np.nan
    if np.isfinite(rate):
        ax.axvline(-rate, linestyle=style, color="0.35", linewidth=0.8, zorder=1)


def _draw_levels(ax, table, stationary: np.ndarray, colours: dict) -> int:
    """Draws the levels within the panel and returns how many of them are uncertain."""
    values, error = table["eigenvalue"].values, table["error"].values
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    inside = (values.real >= left) & (values.real <= right) & (abs(values.imag) <= top) & ~stationary
    few = inside.sum() < 200
    by_name = sector_sizes(list(colours)) if few else dict.fromkeys(colours, 2.0 if inside.sum() < 1500 else 1.4)
    size = table["sector_name"].map(by_name).to_numpy(float)
    box = ax.get_window_extent()
    radius = size / 2 * ax.figure.dpi / 72 * min((right - left) / box.width, (top - bottom) / box.height)
    certain = error <= radius
    # Great marks first, equal ones in random order: one sector after the other, the last would hide the rest of a dense spectrum.
    order = np.random.default_rng(0).permutation(len(values))
    order = order[np.argsort(-size[order], kind="stable")]
    shades = np.array([matplotlib.colors.to_rgba(colours[name]) for name in table["sector_name"]]).reshape(-1, 4)
    heavy = int(inside.sum()) > 5000
    lost, good = order[(inside & ~certain)[order]], order[(inside & certain)[order]]
    ax.scatter(values.real[lost], values.imag[lost], s=size[lost] ** 2, facecolors="none", edgecolors=shades[lost], linewidths=0.35, alpha=0.4,
               rasterized=heavy, zorder=2)
    ax.scatter(values.real[good], values.imag[good], s=size[good] ** 2, c=shades[good], linewidths=0, rasterized=heavy, zorder=3)
    ax.plot(values.real[stationary], values.imag[stationary], "x", color="black", markersize=5, markeredgewidth=1, zorder=4, clip_on=False)
    ax.set(xlim=(left, right), ylim=(bottom, top))
    return len(lost)


def plot_leading(dataset):
    """The slowest eigenvalues against the control axis: decay rate (logarithmic) above, frequency below, one column per N.

    Colours are symmetry sectors. A triangle pointing down: the rate is not told from zero, its error is drawn. Lines are the
    eigenvalues that `exceptionalPoints` followed along the same axis, diamonds with their order the points it found.
    """
    values = tidy(dataset, "spectrum")
    control = line_axis(dataset, "spectrum_gap")
    lines = _lines(dataset, values, control)
    tables = {k: [levels_at(dataset, {**where, control: place}) for place in places] for k, (where, places) in enumerate(lines)}
    colours = sector_colours([name for k, (where, places) in enumerate(lines) for place, table in zip(places, tables[k])
                              for name in sector_names(dataset, {**where, control: place}, int(table["sector"].max()) + 1)])
    figure, panels = plt.subplots(2, len(lines), figsize=(2.2 * len(lines) + 1.5, 4.4), sharex=True, sharey="row", squeeze=False, layout="constrained")
    sizes = sector_sizes(list(colours))
    orders, shown, bounded = set(), set(), False
    followed = has(dataset, "track_eigenvalue") and consumed_name(dataset) == control
    for k, (where, places) in enumerate(lines):
        rate, frequency = panels[:, k]
        for place, table in zip(places, tables[k]):
            table = slowest(table[~kernel(dataset, table, {**where, control: place})], LEADING)
            shown |= set(table["sector_name"])
            bounded |= _draw_leading(rate, frequency, float(dataset[control][place]), table, colours, sizes)
        if followed:
            orders |= _draw_followed(rate, frequency, dataset, where)
        rate.set_title(wrapped_title(dataset, where, 24), fontsize=8)
        rate.set_yscale("log")
        scale_control(rate, dataset[control].values)
        frequency.axhline(0, color="0.9", linewidth=0.5, zorder=0)
        frequency.set_xlabel(axis_label(dataset, control))
    frequencies = [np.abs(line.get_ydata()).max(initial=0) for ax in panels[1] for line in ax.lines]
    limit_frequencies(panels[1, 0], max(frequencies), panels[0, 0].get_ylim()[1])
    panels[0, 0].set_ylabel(rate_label(dataset, "spectrum_re", r"$-$Re $\lambda$"))
    panels[1, 0].set_ylabel(rate_label(dataset, "spectrum_im", r"Im $\lambda$"))
    handles = sector_handles({name: colour for name, colour in colours.items() if name in shown}, sizes)
    if bounded:
        handles.append(plt.Line2D([], [], marker="v", linestyle="none", color="0.4", markerfacecolor="none", markersize=4, label="not told from 0:\nits error"))
    if followed:
        handles.append(plt.Line2D([], [], color="0.45", linewidth=0.7, label="followed by\nits vectors"))
    figure.legend(handles=handles + order_handles(orders), loc="outside right center")
    return figure


def _lines(dataset, values, control: str) -> list[tuple[dict, list[int]]]:
    """(indices of the other axes, indices on the control axis) of up to three N, the other axes at their first value."""
    points, axes = points_of(values, 1)
    rest = [axis for axis in axes if axis != control]
    others = [dict(items) for items in dict.fromkeys(tuple((axis, point[axis]) for axis in rest) for point in points)]
    first = [where for where in others if all(where[axis] == min(o[axis] for o in others) for axis in rest if axis != "N")]
    chosen = choose(dataset, ["N"] if "N" in rest else rest, first, MOST_COLUMNS)
    if len(chosen) < len(others):
        print(f"note: showing leading eigenvalues of {len(chosen)} of {len(others)} lines along {control}", file=sys.stderr)
    return [(where, [point[control] for point in points if all(point[axis] == where[axis] for axis in rest)]) for where in chosen]


def _draw_leading(rate, frequency, x: float, table, colours: dict, sizes: dict) -> bool:
    """The slowest levels at one value of the control axis; whether a rate was replaced by its error."""
    values, error = table["eigenvalue"].values, table["error"].fillna(0).values
    told = -values.real > error
    bound = {"marker": "v", "markersize": 4, "markerfacecolor": "none", "markeredgewidth": 0.7}
    for name, colour in colours.items():
        own = table["sector_name"].values == name
        dot = {"marker": "o", "markersize": sizes[name], "markeredgewidth": 0}
        for ax, height, mask, style in ((rate, -values.real, own & told, dot), (rate, error, own & ~told, bound), (frequency, values.imag, own, dot)):
            if mask.any():
                ax.plot(np.full(mask.sum(), x), height[mask], linestyle="none", color=colour, zorder=3, **style)
    return bool((~told).any())


def _draw_followed(rate, frequency, dataset, where: dict) -> set:
    x, tracks = at(tidy(dataset, "track_value"), where), at(tidy(dataset, "track_eigenvalue"), where)
    for track in tracks.T:
        rate.plot(x, -track.real, "-", color="0.45", linewidth=0.7, zorder=2)
        frequency.plot(x, track.imag, "-", color="0.45", linewidth=0.7, zorder=2)
    return draw_points(dataset, where, rate, frequency)


def plot_gap_antigap(dataset):
    """Gap (logarithmic) and antigap of the spectrum against the control axis, a column per value of the other axes.

    Triangles pointing down: upper bounds of a gap that is not resolved (its error, or that of the levels near zero).
    """
    control = line_axis(dataset, "spectrum_gap")
    gap, antigap = tidy(dataset, "spectrum_gap"), tidy(dataset, "antigap")
    bound = unresolved_bounds(dataset)
    others = [d for d in gap.dims if d not in ("N", control)]
    combinations = [dict(zip(others, index)) for index in np.ndindex(*[dataset.sizes[d] for d in others])]
    if len(combinations) > MOST_COLUMNS:
        print(f"note: showing gap and antigap of {MOST_COLUMNS} of {len(combinations)} panels", file=sys.stderr)
        combinations = [combinations[k] for k in np.linspace(0, len(combinations) - 1, MOST_COLUMNS).round().astype(int)]
    columns = len(combinations)
    figure, panels = plt.subplots(2, columns, figsize=(2.9 * columns + 1.3, 4.4), sharex=True, sharey="row", squeeze=False, layout="constrained")
    marked = False
    for (top, bottom), where in zip(panels.T, combinations):
        top.set_title(wrapped_title(dataset, where, 24), fontsize=8)
        scale_control(top, dataset[control].values)
        for n, colour, select in by_spin_count(dataset, "spectrum_gap"):
            here = {**where, **select}
            label = f"$N = {n}$" if n else None
            bottom.semilogy(dataset[control], gap.isel(here), "-o", color=colour, markersize=2.5, label=label)
            top.plot(dataset[control], antigap.isel(here), "-o", color=colour, markersize=2.5)
            limits = bound.isel(here)
            if bool(np.isfinite(limits).any()):
                bottom.semilogy(dataset[control], limits, "v", color=colour, markerfacecolor="none", markersize=4, markeredgewidth=0.7)
                marked = True
        bottom.set_xlabel(axis_label(dataset, control))
    if marked:
        panels[1, 0].semilogy([], [], "v", color="0.4", markerfacecolor="none", markersize=4, label="unresolved:\nupper bound")
    panels[0, 0].set_ylabel(rate_label(dataset, "antigap", "antigap"))
    panels[0, 0].set_ylim(bottom=0)
    panels[1, 0].set_ylabel(rate_label(dataset, "spectrum_gap", "gap"))
    legend_outside(figure, panels.flat)
    return figure


def unresolved_bounds(dataset):
    """Upper bounds of the gaps that are unresolved: rate and error of the slowest decay that is told from zero, else the
    greatest error among the levels that count as stationary. NaN elsewhere."""
    gap = tidy(dataset, "spectrum_gap")
    bound = np.full(gap.shape, np.nan)
    if "status_spectrum" in dataset:
        lost = status_mask(dataset, "spectrum", "unresolved").transpose(*gap.dims)
        for index in np.argwhere(lost.values):
            where = dict(zip(gap.dims, map(int, index)))
            table = levels_at(dataset, where)
            mask = kernel(dataset, table, where)
            errors = table["error"].values[mask]
            decaying = table[~mask][:1]
            own = -decaying["eigenvalue"].values.real + decaying["error"].values
            # A second stationary level by rounding is the slow decay; without one the gap is there, but blurred.
            found = errors if mask.sum() > 1 else own
            bound[tuple(index)] = np.nanmax(found, initial=-np.inf) if np.isfinite(found).any() else np.nan
    return gap.copy(data=bound)
