"""Figure `exceptional-points`: eigenvalues followed along an axis, the points where they coalesce, and their places at each N."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from .panels import chosen_points, limit_frequencies, point_title, unit_text, wrapped_title
from .semiclassical import consumed, has, tidy

MOST_COLUMNS = 3
TRACKS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":")
# Marker and colour of an order; -1: not told.
ORDERS = {2: ("D", "black"), 3: ("^", "#D55E00"), 4: ("s", "#0072B2"), -1: ("o", "0.5")}
# Imaginary parts below this, relative to the modulus, are rounding.
REAL = 1e-6


def consumed_name(dataset) -> str | None:
    """Name of the axis along which the study followed eigenvalues."""
    words = str(dataset["track_value"].attrs.get("long_name", "")).replace(",", " ").split() if "track_value" in dataset else []
    return next((word for word in words if word in dataset.coords), None)


def order_style(order: float) -> tuple[str, str]:
    return ORDERS.get(int(order), ("P", "#CC79A7"))


def order_handles(orders: set) -> list:
    """Entries of the legend for orders that occur."""
    return [plt.Line2D([], [], marker=order_style(order)[0], linestyle="none", color=order_style(order)[1], markerfacecolor="white", markersize=4.5,
                       label=f"exceptional,\norder {order if order > 0 else 'not told'}") for order in sorted(orders, key=lambda o: (o < 0, o))]


def found_points(dataset, where: dict) -> list[dict]:
    """Exceptional points at one point of the sweep: value, error, eigenvalue, order, sector."""
    names = ("value", "error", "eigenvalue", "order", "sector")
    if not has(dataset, "exceptional_value"):
        return []
    columns = [tidy(dataset, f"exceptional_{name}") for name in names]
    columns = [column.isel({d: i for d, i in where.items() if d in column.dims}).values for column in columns]
    return [dict(zip(names, row)) for row in zip(*columns) if np.isfinite(row[0])]


def draw_points(dataset, where: dict, rate, frequency) -> set:
    """Marks exceptional points in panels of -Re λ and Im λ; of conjugate ones both. The orders that occur are returned."""
    orders = set()
    for found in found_points(dataset, where):
        order, value = int(found["order"]), found["eigenvalue"]
        marker, colour = order_style(order)
        orders.add(order)
        style = {"linestyle": "none", "color": colour, "markerfacecolor": "white", "markersize": 4.5, "markeredgewidth": 0.9, "zorder": 5}
        rate.plot(found["value"], -value.real, marker, **style)
        heights = {value.imag, -value.imag} if abs(value.imag) > REAL * abs(value) else {0.0}
        for height in heights:
            frequency.plot(found["value"], height, marker, **style)
    return orders


def through_points(x: np.ndarray, track: np.ndarray, sector: float, found: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """The line of a track, led through the exceptional points where it goes from real to complex: a chord would miss the root."""
    xs, values = [x[:1]], [track[:1]]
    real = np.abs(track.imag) <= REAL * np.abs(track)
    for k in range(1, x.size):
        met = [point for point in found if x[k - 1] < point["value"] < x[k] and point["sector"] == sector
               and abs(point["eigenvalue"].imag) <= REAL * abs(point["eigenvalue"])]
        if met and real[k] != real[k - 1] and np.isfinite(track[k - 1 : k + 1]).all():
            middle = track[k - 1 : k + 1].real.mean()
            point = min(met, key=lambda point: abs(point["eigenvalue"].real - middle))
            xs.append(np.array([point["value"]]))
            values.append(np.array([point["eigenvalue"].real + 0j]))
        xs.append(x[k : k + 1])
        values.append(track[k : k + 1])
    return np.concatenate(xs), np.concatenate(values)


def plot_exceptional(dataset):
    """Decay rates and frequencies of the followed eigenvalues along the axis, with exceptional points by order, for up to
    three points of the sweep; below, where several N have some, their places against N."""
    tracks = tidy(dataset, "track_eigenvalue")
    chosen = chosen_points(dataset, tracks, 2, MOST_COLUMNS, "followed eigenvalues")
    by_size = _by_size(dataset, chosen[-1])
    columns = len(chosen)
    figure = plt.figure(figsize=(2.2 * columns + 1.5, 4.4 + (2.2 if by_size else 0)), layout="constrained")
    grid = figure.add_gridspec(3 if by_size else 2, columns, height_ratios=[1.1, 1.1, 1][: 3 if by_size else 2])
    rows = [[], []]
    orders = set()
    for k, where in enumerate(chosen):
        rate = figure.add_subplot(grid[0, k])
        frequency = figure.add_subplot(grid[1, k], sharex=rate)
        rows[0].append(rate)
        rows[1].append(frequency)
        _draw_tracks(rate, frequency, dataset, where)
        orders |= draw_points(dataset, where, rate, frequency)
        rate.set_title(wrapped_title(dataset, where, 32), fontsize=9)
        rate.tick_params(labelbottom=False)
        rate.set_ylim(bottom=min(0, rate.get_ylim()[0]))
        limit_frequencies(frequency, np.nanmax(np.abs(tracks.isel(where).values.imag)), rate.get_ylim()[1])
        frequency.set_xlabel(consumed(dataset, dataset["track_value"]))
    unit = dataset["track_eigenvalue_re"].attrs.get("units", "1")
    unit = "" if unit in ("", "1") else f" ({unit_text(unit)})"
    rows[0][0].set_ylabel(r"$-$Re $\lambda$" + unit)
    rows[1][0].set_ylabel(r"Im $\lambda$" + unit)
    if by_size:
        orders |= _draw_sizes(figure.add_subplot(grid[2, :]), dataset, by_size)
        rest = {axis: place for axis, place in chosen[-1].items() if axis != "N"}
        figure.axes[-1].set_title(point_title(dataset, rest), fontsize=9)
    handles = [plt.Line2D([], [], color=TRACKS[k % 6], linestyle=DASHES[k // 6 % 4], label=f"track {k + 1}") for k in range(tracks.sizes["track"])]
    figure.legend(handles=handles + order_handles(orders), loc="outside right center")
    return figure


def _draw_tracks(rate, frequency, dataset, where: dict) -> None:
    def here(name):
        array = tidy(dataset, name)
        return array.isel({d: i for d, i in where.items() if d in array.dims}).values

    x, tracks, sectors, found = here("track_value"), here("track_eigenvalue"), here("track_sector"), found_points(dataset, where)
    for k, track in enumerate(tracks.T):
        at, values = through_points(x, track, sectors[k], found)
        # Conjugate members lie upon each other in the rate: the later ones thinner, so that both are seen.
        style = {"color": TRACKS[k % 6], "linestyle": DASHES[k // 6 % 4], "linewidth": 2.0 - 1.3 * k / max(1, tracks.shape[1] - 1), "zorder": 2 + 0.01 * k}
        rate.plot(at, -values.real, **style)
        frequency.plot(at, values.imag, **style)


def _by_size(dataset, where: dict) -> list[tuple[int, dict]]:
    """(N, indices) of the sweep's points that differ from `where` in N only, if several have exceptional points."""
    if "N" not in where:
        return []
    sizes = [(int(n), {**where, "N": k}) for k, n in enumerate(dataset["N"].values)]
    sizes = [(n, here) for n, here in sizes if found_points(dataset, here)]
    return sizes if len(sizes) > 1 else []


def _draw_sizes(ax, dataset, by_size: list) -> set:
    orders = set()
    for n, where in by_size:
        for found in found_points(dataset, where):
            marker, colour = order_style(found["order"])
            orders.add(int(found["order"]))
            error = found["error"] if np.isfinite(found["error"]) else 0
            ax.errorbar(n, found["value"], yerr=error, fmt=marker, color=colour, markerfacecolor="white", markersize=4.5, markeredgewidth=0.9, capsize=2,
                        elinewidth=0.8)
    ax.set(xlabel="$N$", ylabel=f"exceptional\n{consumed(dataset, dataset['track_value'])}")
    if len(by_size) <= 10:
        ax.set_xticks([n for n, _ in by_size])
    ax.margins(x=0.04, y=0.12)
    return orders
