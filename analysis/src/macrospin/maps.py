"""Phase-diagram maps: an output over two axes of the sweep, one panel for each value of a third."""

from __future__ import annotations

import re

import matplotlib.colors
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

from .archive import ArchiveError, axis_label
from .marks import locate
from .panels import narrow, plain_ticks, point_title, unit_text
from .semiclassical import control_of, has, representation, sweep_axes, tidy
from .size_scaling import observables, order_parameter, spread

MOST_PANELS, LEAST_VALUES = 6, 4
# Positive values that span more than this factor are drawn logarithmically.
DECADES = 100.0
# Colours cover at most so many decades: what lies below has the last colour.
MOST_DECADES = 12
LOST = ("unresolved", "not_converged", "failed", "quarantined", "degenerate")


def mapped_variables(dataset) -> list[str]:
    """Names drawn without being asked for: gap, tunnel splitting, two observables (jz among them), purity, each over two axes of four values or more."""
    seen = sorted(observables(dataset), key=lambda name: name != "jz")[:2]
    names = ["gap", "doublet_splitting", "spectrum_gap", *seen, "purity", "eta_phys"]
    return [name for name in names if name in dataset and len(map_axes(dataset, dataset[name])) == 2]


def map_axes(dataset, array) -> list[str]:
    """The two axes of a map: those with most values, N only if there is no other; fewer than two where there are none."""
    axes = [d for d in array.dims if d in dataset.coords and dataset.sizes[d] >= LEAST_VALUES and np.issubdtype(dataset[d].dtype, np.number)]
    axes = [d for d in axes if d != "N"] if sum(d != "N" for d in axes) > 1 else axes
    chosen = sorted(axes, key=lambda d: -dataset.sizes[d])[:2]
    # N stands up; of others that with more values lies.
    return sorted(chosen, key=lambda d: d == "N")


def edges(values: np.ndarray) -> np.ndarray:
    """Limits of cells halfway between the values; ratios instead of differences where the values are spaced so."""
    values = np.asarray(values, float)
    if logarithmic(values):
        return np.exp(edges_linear(np.log(values)))
    return edges_linear(values)


def edges_linear(values: np.ndarray) -> np.ndarray:
    middle = (values[1:] + values[:-1]) / 2
    return np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])


def logarithmic(values: np.ndarray) -> bool:
    """Whether positive values grow by ratios rather than by differences, over more than a decade."""
    if values.size < 3 or (values <= 0).any() or values.max() / values.min() < 8:
        return False
    return np.ptp(np.diff(np.log(values))) * np.mean(np.diff(values)) < np.ptp(np.diff(values)) * np.mean(np.diff(np.log(values)))


def plot_map(dataset, variable: str):
    """The variable in colours over two axes. Hatched: points that failed or are unresolved; white: not computed. Lines:
    minimum of the gap (solid), equal barriers (dashed). Of many values of other axes up to six are shown, the greatest N."""
    name, array = order_parameter(dataset, variable)
    if any(d not in dataset.coords for d in array.dims) or "point" in array.dims:
        raise ArchiveError(f"{name} is no number at each point of a grid")
    axes = map_axes(dataset, array)
    if len(axes) < 2:
        raise ArchiveError(f"{name} does not depend on two axes with {LEAST_VALUES} values or more")
    x, y = axes
    shown = _panels(dataset, array, [d for d in array.dims if d not in axes])
    columns = min(1 if narrow() else 3, len(shown))
    rows = -(-len(shown) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(3.5 if columns == 1 else 2.5 * columns, 2.5 * rows), sharex=True, sharey=True, squeeze=False, layout="constrained")
    values = [_cells(dataset, array, where, x, y) for where in shown]
    style = _colours(np.concatenate([v.ravel() for v in values]), name)
    x_edges, y_edges = edges(dataset[x].values), edges(dataset[y].values)
    labels = {}
    for ax, where, here in zip(panels.flat, shown, values):
        mesh = ax.pcolormesh(x_edges, y_edges, np.ma.masked_invalid(here), rasterized=True, **style)
        if _hatch(ax, dataset, array, where, x, y, x_edges, y_edges):
            labels["hatched"] = Patch(facecolor="0.93", edgecolor="0.35", hatch="////", linewidth=0, label="failed or unresolved")
        labels |= _lines(ax, dataset, where, x, y)
        ax.set_title(point_title(dataset, where))
        for axis, edge, scale in ((x, x_edges, ax.set_xscale), (y, y_edges, ax.set_yscale)):
            if logarithmic(dataset[axis].values):
                scale("log")
                plain_ticks(ax.xaxis if axis == x else ax.yaxis, dataset[axis].values)
        ax.set_xlim(x_edges[0], x_edges[-1])
        ax.set_ylim(y_edges[0], y_edges[-1])
    for spare in panels.flat[len(shown):]:
        spare.set_visible(False)
    for ax in panels.flat[max(0, len(shown) - columns):len(shown)]:
        ax.set_xlabel(axis_label(dataset, x))
        ax.tick_params(labelbottom=True)
    for ax in panels[:, 0]:
        ax.set_ylabel(axis_label(dataset, y))
    unit = array.attrs.get("units", "1")
    bar = figure.colorbar(mesh, ax=panels, pad=0.02, aspect=20 * rows, label=name if unit in ("", "1") else f"{name} ({unit_text(unit)})", extend="min" if _below(values, style) else "neither")
    bar.outline.set_linewidth(0.5)
    if labels:
        figure.legend(handles=list(labels.values()), loc="outside lower center", ncols=3)
    return figure


def _cells(dataset, array, where, x, y) -> np.ndarray:
    """Values over (y, x); where the lines have places of their own, between them the nearest of the line stands."""
    cells = array.isel(where).transpose(y, x).values.astype(float)
    status = _status_over(dataset, array, where, x, y)
    return cells if status is None else np.take_along_axis(cells, _nearest_own(dataset, status, x), axis=1)


def _status_over(dataset, array, where, x, y) -> np.ndarray | None:
    """Status of the study of `array` over (y, x); None where there is none."""
    status = dataset.get(f"status_{array.attrs.get('study')}")
    if status is None or not {x, y} <= set(status.dims):
        return None
    return status.isel({d: i for d, i in where.items() if d in status.dims}).transpose(y, x).values


def _nearest_own(dataset, status: np.ndarray, x: str) -> np.ndarray:
    """Column that stands in each cell: the cell's own, or, on a refined axis and of merged sweeps, the nearest column to which
    the row's study came, within the first and the last of these. Their cells then meet halfway as those of a grid do."""
    columns = np.tile(np.arange(status.shape[1]), (status.shape[0], 1))
    if not _has_lines_of_their_own(dataset):
        return columns
    places = dataset[x].values.astype(float)
    places = np.log(places) if logarithmic(places) else places
    for row, done in zip(columns, status >= 0):
        own = np.flatnonzero(done)
        if own.size:
            between = np.arange(own[0], own[-1] + 1)
            row[between] = own[np.abs(places[between, None] - places[own]).argmin(axis=1)]
    return columns


def _has_lines_of_their_own(dataset) -> bool:
    """Whether a job of the archive lets points be inserted, or the archive is of several jobs, whose grids may differ."""
    jobs = [str(text) for name, text in dataset.attrs.items() if re.fullmatch(r"job(_\d+)?", str(name))]
    return len(jobs) > 1 or any(re.search(r"\brefine\"?\s*:", text) for text in jobs)


def _below(values: list[np.ndarray], style: dict) -> bool:
    """Whether values are left that the colours do not reach."""
    return "norm" in style and any((here[np.isfinite(here)] < style["norm"].vmin).any() for here in values)


def _panels(dataset, array, rest: list[str]) -> list[dict]:
    """Values of the other axes: the last N, others spread."""
    choices = {d: (spread(dataset.sizes[d], MOST_PANELS) if d != "N" or len(rest) == 1 else [dataset.sizes[d] - 1]) for d in rest}
    found = [dict(zip(rest, index)) for index in np.ndindex(*[len(choices[d]) for d in rest])] or [{}]
    found = [{d: choices[d][i] for d, i in where.items()} for where in found]
    return [found[k] for k in spread(len(found), MOST_PANELS)]


def _colours(values: np.ndarray, name: str) -> dict:
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise ArchiveError(f"{name} has no number at any point")
    low, high = float(finite.min()), float(finite.max())
    positive = finite[finite > 0]
    if positive.size == finite.size and high > DECADES * low or low >= 0 and positive.size and high > DECADES * float(positive.min()):
        return {"norm": matplotlib.colors.LogNorm(max(float(positive.min()), high * 10.0**-MOST_DECADES), high), "cmap": "viridis"}
    if low < 0 < high and min(-low, high) > 0.1 * max(-low, high):
        limit = max(-low, high)
        return {"vmin": -limit, "vmax": limit, "cmap": "RdBu_r"}
    return {"vmin": low, "vmax": high if high > low else low + 1, "cmap": "viridis"}


def _hatch(ax, dataset, array, where, x, y, x_edges, y_edges) -> bool:
    """Cells whose study ended without a number."""
    status = _status_over(dataset, array, where, x, y)
    if status is None:
        return False
    attrs = dataset[f"status_{array.attrs['study']}"].attrs
    words = str(attrs.get("flag_meanings", "")).split()
    values = np.atleast_1d(attrs.get("flag_values", []))
    lost = [int(values[k]) for k, word in enumerate(words) if word in LOST]
    mask = np.isin(np.take_along_axis(status, _nearest_own(dataset, status, x), axis=1), lost)
    if not mask.any():
        return False
    ax.pcolor(x_edges, y_edges, np.ma.masked_where(~mask, np.zeros(mask.shape)), hatch="////", cmap=matplotlib.colors.ListedColormap(["0.93"]), edgecolor="0.35", linewidth=0)
    return True


def _lines(ax, dataset, where, x, y) -> dict:
    """Minimum of the gap along x for each y, and the line of equal barriers; handles of what was drawn."""
    handles = {}
    if "gap" in dataset and {x, y} <= set(dataset["gap"].dims) and set(dataset["gap"].dims) - {x, y} <= set(where):
        gap = dataset["gap"].isel({d: i for d, i in where.items() if d in dataset["gap"].dims}).transpose(y, x).values
        places = np.array([locate(dataset[x].values, row, "minimum").x for row in gap])
        if np.isfinite(places).sum() > 1:
            line, = ax.plot(places, dataset[y].values, "-", color="white", linewidth=2.2)
            line, = ax.plot(places, dataset[y].values, "-", color="black", linewidth=1.0, label="least gap")
            handles["gap"] = line
    if has(dataset, "transition_point"):
        values = representation(tidy(dataset, "transition_point"), "Q")
        if values is not None and sweep_axes(values) and control_of(values) in (x, y) and str(values.attrs.get("over", "")) in ("", x, y):
            axis = control_of(values)
            values = values.isel({d: i for d, i in where.items() if d in values.dims})
            if values.dims == (axis,):
                points = (values.values, dataset[axis].values) if axis == y else (dataset[axis].values, values.values)
                ax.plot(*points, "--", color="white", linewidth=2.2)
                handles["transition"], = ax.plot(*points, "--", color="#D55E00", linewidth=1.0, label="equal barriers")
    return handles
