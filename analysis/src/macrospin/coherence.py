"""Figures `table3`, `coherence-rates`, `coherence-universal` and `eta-maps` of the study `coherenceRates`."""

from __future__ import annotations

import csv
import io
import sys

import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError, axis_label
from .panels import point_title, scale_control

MOST_ROWS = 3
# Okabe and Ito.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")

# Table 3 of arXiv:2605.00952 at g = 0.95: heading, key, and by N the printed number with the place it was rounded to.
PRINTED_G = 0.95
PRINTED = (
    (r"$\Delta E/\Delta E(370)$", "relative_splitting",
     {100: (7.33, 0.01), 200: (3.63, 0.01), 300: (1.75, 0.01), 370: (1.00, 0.01), 500: (0.32, 0.01)}),
    (r"$G_{\mathrm{loc}}$", "g_loc",
     {100: (488, 1), 200: (1950, 1), 300: (4388, 1), 370: (6674, 1), 500: (12188, 1), 1000: (48750, 1), 2000: (195000, 1)}),
    (r"$G_{01}$", "doublet_g01",
     {100: (254, 1), 200: (828, 1), 300: (1827, 1), 370: (2839, 1), 500: (5425, 1), 1000: (23180, 1), 2000: (95214, 1)}),
    (r"$\eta_{\mathrm{MF}}$", "eta_mf",
     {100: (1.917, 0.001), 200: (2.354, 0.001), 300: (2.402, 0.001), 370: (2.351, 0.001), 500: (2.246, 0.001),
      1000: (2.103, 0.001), 2000: (2.048, 0.001)}),
    ("gap ratio", "doublet_gap_ratio", {100: (3.0, 0.1), 200: (4.1, 0.1), 300: (6.9, 0.1), 370: (11.4, 0.1), 500: (37.3, 0.1)}),
    (r"$2\Delta E\,T_2$", "secular_parameter", {100: (1510, 10), 200: (230, 10), 300: (50, 1), 370: (18, 1), 500: (3, 1)}),
)


def _lines(dataset, name: str):
    """(array with N last, combinations of the other axes as indices)."""
    if name not in dataset or "N" not in dataset[name].dims or not bool(np.isfinite(dataset[name]).any()):
        raise ArchiveError(f"the archive has no {name} against N")
    array = dataset[name].transpose(..., "N")
    rest = [d for d in array.dims if d != "N"]
    combinations = [dict(zip(rest, map(int, index))) for index in np.ndindex(*[array.sizes[d] for d in rest])]
    return array, [where for where in combinations if bool(np.isfinite(array.isel(where)).any())]


def _at(dataset, name: str, where: dict) -> np.ndarray:
    array = dataset[name]
    return array.isel({d: i for d, i in where.items() if d in array.dims}).values


def table_rows(dataset) -> list[dict]:
    """Table 3: one entry for each printed number with the computed one; `deviates` where that rounds to another number."""
    _, combinations = _lines(dataset, "g_loc")
    combinations = [where for where in combinations if "g" in where and abs(float(dataset["g"][where["g"]]) - PRINTED_G) < 1e-12]
    counts = [int(n) for n in dataset["N"].values]
    if not combinations or 370 not in counts or not set(counts) >= {100, 200}:
        raise ArchiveError("table 3 needs g = 0.95 and N = 100, 200, 370")
    where = combinations[0]
    splitting = _at(dataset, "doublet_splitting", where)
    columns = {key: _at(dataset, key, where) for _, key, _ in PRINTED if key != "relative_splitting"}
    columns["relative_splitting"] = splitting / splitting[counts.index(370)]
    rows = []
    for _, key, printed in PRINTED:
        for n, (value, place) in printed.items():
            if n in counts:
                computed = float(columns[key][counts.index(n)])
                rows.append({"N": n, "quantity": key, "printed": value, "place": place, "computed": computed,
                             "deviates": not abs(computed - value) <= 0.5 * place * (1 + 1e-9)})
    return rows


def _csv(rows: list[dict]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["N", "quantity", "printed", "place", "computed", "deviates"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def plot_table(dataset):
    """Table 3 of the paper with the computed numbers beside the printed ones; such as round to another number are red and starred."""
    rows = table_rows(dataset)
    counts = sorted({row["N"] for row in rows})
    found = {(row["N"], row["quantity"]): row for row in rows}
    cells, colours = [], []
    for n in counts:
        line, shades = [str(n)], ["white"]
        for _, key, _ in PRINTED:
            row = found.get((n, key))
            digits = 0 if row is None else max(0, -int(np.floor(np.log10(row["place"]))))
            star = " *" if row is not None and row["deviates"] else ""
            line += ["", ""] if row is None else [f"{row['printed']:.{digits}f}", f"{row['computed']:.{digits + 3}f}{star}"]
            shades += ["white", "#F4C7B8" if row is not None and row["deviates"] else "#EAF3FA"]
        cells.append(line)
        colours.append(shades)
    heading = ["$N$"] + [text for title, _, _ in PRINTED for text in (title, "here")]
    figure, ax = plt.subplots(figsize=(10.2, 0.32 * (len(counts) + 3)), layout="constrained")
    ax.axis("off")
    widths = [2 + max(len(text.replace("$", "").replace("\\", "")) for text in column) for column in zip(heading, *cells)]
    table = ax.table(cells, cellColours=colours, colLabels=heading, colWidths=[w / sum(widths) for w in widths], cellLoc="right", colLoc="center",
                     bbox=(0, 0, 1, 1))
    table.auto_set_font_size(False)
    # At the width of a journal's page.
    table.set_fontsize(6)
    for cell in table.get_celld().values():
        cell.PAD = 0.05
        cell.set_linewidth(0.4)
        cell.set_edgecolor("0.7")
    wrong = sum(row["deviates"] for row in rows)
    verdict = "every printed digit is met" if not wrong else f"{wrong} of {len(rows)} printed numbers are not met (*)"
    ax.set_title(rf"Table 3 at $\Gamma/J = 0.95$, printed and computed (shaded): {verdict}", fontsize=9)
    figure.companion_csv = _csv(rows)
    return figure


def slope_fits(n: np.ndarray, scaled: np.ndarray) -> dict:
    """Fits of N(η − 2): `pure`, the mean over N from 300 to 2000 (η = 2 + c/N); `c` and `d` of c + d/N over the last decade of N."""
    good = np.isfinite(scaled)
    n, scaled = n[good], scaled[good]
    middle, last = (n >= 300) & (n <= 2000), n >= n.max() / 10 if n.size else []
    fits = {"pure": float(scaled[middle].mean()) if middle.sum() > 1 else np.nan, "c": np.nan, "d": np.nan}
    if np.sum(last) > 2:
        fits["d"], fits["c"] = (float(x) for x in np.polyfit(1 / n[last], scaled[last], 1))
    return fits


def _rows(combinations: list[dict], what: str) -> list[dict]:
    if len(combinations) > MOST_ROWS:
        print(f"note: showing {what} at {MOST_ROWS} of {len(combinations)} points", file=sys.stderr)
    return combinations[:MOST_ROWS]


def plot_coherence_rates(dataset):
    """Rates over γG_loc against N with their limits; N(η_MF − 2) with its fit and its analytic limit."""
    _, combinations = _lines(dataset, "g_loc")
    n = dataset["N"].values.astype(float)
    if n.size < 3:
        raise ArchiveError("fewer than three values of N")
    if len(combinations) > 2 * MOST_ROWS:
        raise ArchiveError("many values of other axes: see eta-maps")
    combinations = _rows(combinations, "rates")
    figure, panels = plt.subplots(len(combinations), 2, figsize=(8.6, 3.2 * len(combinations)), squeeze=False, layout="constrained")
    for (left, right), where in zip(panels, combinations):
        local, mean, transition = (_at(dataset, name, where) for name in ("g_loc", "doublet_g01", "doublet_j01"))
        curves = ((r"$|E_0\rangle\langle E_1|$:  $G_{01}$", mean, 0.5), (r"populations:  $2J_{01}^2$", 2 * transition**2, 1),
                  (r"$|P\rangle\langle R|$:  $G_{01}+J_{01}^2$", mean + transition**2, 1))
        for k, ((label, rate, limit), marker) in enumerate(zip(curves, "os^")):
            left.plot(n, rate / local, marker, color=COLOURS[k], markersize=3, linestyle="-", label=label)
            left.axhline(limit, color=COLOURS[k] if limit != 1 else "0.5", linestyle=":", linewidth=0.9)
        left.set_ylim(0, min(1.3, left.get_ylim()[1]))
        left.set_ylabel(r"rate / $\gamma G_{\mathrm{loc}}$")
        left.legend(loc="lower right")
        scaled = n * (_at(dataset, "eta_mf", where) - 2)
        limit, fits = float(np.nanmax(_at(dataset, "eta_mf_slope", where))), slope_fits(n, scaled)
        right.plot(n, scaled, "o", color=COLOURS[0], markersize=3, label="exact")
        right.axhline(limit, color="black", linestyle="--", linewidth=0.9, label=rf"analytic limit $c_\infty$ = {limit:.2f}")
        if np.isfinite(fits["c"]):
            span = n[n >= n.max() / 10]
            right.plot(span, fits["c"] + fits["d"] / span, color=COLOURS[1],
                       label=f"fit $c + d/N$, $N \\geq$ {span.min():.0f}:\n$c$ = {fits['c']:.2f}, $d$ = {fits['d']:.3g}")
        if np.isfinite(fits["pure"]):
            right.hlines(fits["pure"], 300, 2000, color=COLOURS[2], linestyle="-.", linewidth=1.2,
                         label=f"pure $c/N$, 300 to 2000:\n$c$ = {fits['pure']:.1f}, not asymptotic")
        right.set_ylim(0, 1.7 * max(limit, np.nanmax(scaled[n >= 300]) if (n >= 300).any() else limit))
        right.set_ylabel(r"$N\,(\eta_{\mathrm{MF}} - 2)$")
        right.legend(loc="upper right")
        for ax in (left, right):
            scale_control(ax, n)
            ax.set_xlabel("$N$")
            ax.set_title(point_title(dataset, where))
    return figure


def plot_universal(dataset):
    """η_phys of any model against N, and what populations feed into coherences of opposite and of equal parity."""
    _, combinations = _lines(dataset, "eta_phys")
    n = dataset["N"].values.astype(float)
    if n.size < 3:
        raise ArchiveError("fewer than three values of N")
    if len(combinations) > len(COLOURS):
        raise ArchiveError("many values of other axes: see eta-maps")
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.2), layout="constrained")
    for where, colour in zip(combinations, COLOURS):
        rate = _at(dataset, "eigenstate_rate", where)
        left.plot(n, _at(dataset, "eta_phys", where), "o-", color=colour, markersize=3, label=point_title(dataset, where) or None)
        right.plot(n, _at(dataset, "redfield_equal", where) / rate, "o-", color=colour, markersize=3)
        right.plot(n, _at(dataset, "redfield_opposite", where) / rate, "x--", color=colour, markersize=4)
    left.axhline(2, color="0.5", linestyle=":", linewidth=0.9)
    left.set_ylabel(r"$\eta_{\mathrm{phys}} = 1 + J_{01}^2/G_{01}$")
    right.set_ylabel(r"population to coherence / $\gamma G_{01}$")
    right.plot([], [], "o-", color="0.4", markersize=3, label="equal parity: $E_0$, $E_2$")
    right.plot([], [], "x--", color="0.4", markersize=4, label="opposite parity: $E_0$, $E_1$")
    right.legend(loc="upper right")
    right.set_ylim(top=1.35 * right.get_ylim()[1])
    if any(combinations):
        left.legend(loc="lower right")
    for ax in (left, right):
        scale_control(ax, n)
        ax.set_xlabel("$N$")
    return figure


def ridge(control: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """(place, height) of the greatest value: a parabola through the three points around it; NaN where it is at an end."""
    if not np.isfinite(values).any():
        return np.nan, np.nan
    k = int(np.nanargmax(values))
    if k in (0, values.size - 1) or not np.isfinite(values[k - 1 : k + 2]).all():
        return np.nan, np.nan
    a, b, c = np.polyfit(control[k - 1 : k + 2] - control[k], values[k - 1 : k + 2], 2)
    return float(control[k] - b / (2 * a)), float(c - b * b / (4 * a))


def plot_eta_maps(dataset):
    """η_MF and η_phys over N and the other axis with most values; the line is the greatest η_MF at each N."""
    array, _ = _lines(dataset, "eta_mf")
    others = [d for d in array.dims if d != "N"]
    control = max(others, key=lambda d: array.sizes[d], default=None)
    if control is None or array.sizes[control] < 5 or array.sizes["N"] < 5:
        raise ArchiveError("a map needs five values of N and of another axis")
    where = {d: 0 for d in others if d != control}
    n, g = dataset["N"].values.astype(float), dataset[control].values
    figure, panels = plt.subplots(1, 2, figsize=(9.4, 3.6), sharey=True, layout="constrained")
    maps = [dataset[name].isel(where, missing_dims="ignore").transpose(control, "N").values for name in ("eta_mf", "eta_phys")]
    ridges = np.array([ridge(g, maps[0][:, k]) for k in range(n.size)])
    for ax, values, label in zip(panels, maps, (r"$\eta_{\mathrm{MF}} = G_{\mathrm{loc}}/G_{01}$", r"$\eta_{\mathrm{phys}} = 1 + J_{01}^2/G_{01}$")):
        mesh = ax.pcolormesh(n, g, values, cmap="viridis", shading="nearest", rasterized=True)
        figure.colorbar(mesh, ax=ax, label=label)
        ax.plot(ridges[:, 0] * 0 + n, ridges[:, 0], color="white", linewidth=2.4)
        ax.plot(n, ridges[:, 0], color="#D55E00", linewidth=1.2, label=r"greatest $\eta_{\mathrm{MF}}$ at each $N$")
        ax.set_xscale("log")
        ax.set_xlabel("$N$")
    panels[0].set_ylabel(axis_label(dataset, control))
    panels[0].legend(loc="lower left", frameon=True, framealpha=0.9)
    figure.suptitle(point_title(dataset, where) if where else _ridge_text(n, ridges), fontsize=9)
    return figure


def _ridge_text(n: np.ndarray, ridges: np.ndarray) -> str:
    known = np.flatnonzero(np.isfinite(ridges[:, 1]))
    if known.size < 2:
        return ""
    places = known[np.linspace(0, known.size - 1, 3).round().astype(int)]
    return r"greatest $\eta_{\mathrm{MF}}$ over the field: " + ",  ".join(f"{ridges[k, 1]:.3f} at $N$ = {n[k]:.0f}" for k in places)
