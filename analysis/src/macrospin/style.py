"""How figures look in print: widths of journals, fonts legible there, colours that the colour-blind can tell apart."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.transforms import Bbox

from .panels import NARROW

# Widths of one column and of the page in inches (86 and 178 mm: Physical Review, and near enough everyone else).
WIDTHS = {"single": 3.375, "double": 7.0}
# Figures drawn no wider than this go into one column if nothing is said.
SINGLE_UP_TO = 3.6
# White above and below, inches.
PAD = 0.03
# Okabe and Ito.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")

STYLE = {
    "font.size": 8, "axes.labelsize": 8.5, "axes.titlesize": 8, "legend.fontsize": 7, "xtick.labelsize": 7.5, "ytick.labelsize": 7.5,
    "figure.titlesize": 9, "lines.linewidth": 1.1, "lines.markersize": 3.2, "axes.linewidth": 0.7, "xtick.major.width": 0.7, "ytick.major.width": 0.7,
    "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "legend.handlelength": 1.6, "legend.labelspacing": 0.35,
    "figure.dpi": 150, "savefig.dpi": 300, "savefig.bbox": None, "figure.constrained_layout.w_pad": 0.03, "figure.constrained_layout.h_pad": 0.03,
    # Text in PDFs stays text, in fonts that journals accept.
    "pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none",
}


def context(width: float | None = None):
    """The style as a context; `width` in inches lets figures choose how many panels stand in a row."""
    cycle = plt.cycler(color=list(COLOURS))
    return plt.rc_context({**STYLE, "axes.prop_cycle": cycle, "figure.figsize": (width or WIDTHS["double"], 0.6 * (width or WIDTHS["double"]))})


def width_of(text: str) -> float | None:
    """Inches of "single", "double" or a number; None of "auto". Raises ValueError."""
    if text == "auto":
        return None
    if text in WIDTHS:
        return WIDTHS[text]
    try:
        width = float(text)
    except ValueError:
        width = 0.0
    if not 1 <= width <= 30:
        raise ValueError(f"--width {text}: expected auto, single, double or a number of inches from 1 to 30")
    return width


def fit_width(figure, width: float | None) -> None:
    """Give the figure a journal's width; its height follows, less than in proportion since letters do not shrink."""
    drawn, height = figure.get_size_inches()
    if width is None:
        width = WIDTHS["single"] if drawn <= SINGLE_UP_TO else WIDTHS["double"]
    scale = width / drawn
    if width <= NARROW and getattr(figure, "side_legend", None):
        height += _move_below(figure, width) / min(scale, 1.0) ** 0.75
    figure.set_size_inches(width, height * (scale**0.75 if scale < 1 else scale**0.5))


def page(figure) -> Bbox:
    """What is saved of a figure, in inches: its whole width, and as much of the height as has something on it."""
    figure.draw_without_rendering()
    drawn = figure.get_tightbbox(figure.canvas.get_renderer())
    return Bbox.from_extents(0, drawn.y0 - PAD, float(figure.get_size_inches()[0]), drawn.y1 + PAD)


def _move_below(figure, width: float) -> float:
    """A legend at the side takes too much of a narrow figure; returns the inches that it needs below."""
    labels = list(figure.side_legend)
    longest = max(max(map(len, label.split("\n"))) for label in labels)
    columns = max(1, min(len(labels), int(width / (0.062 * longest + 0.42))))
    for legend in list(figure.legends):
        legend.remove()
    figure.legend(figure.side_legend.values(), labels, loc="outside lower center", ncols=columns, columnspacing=1.0)
    rows = -(-len(labels) // columns)
    return 0.14 * rows * max(label.count("\n") + 1 for label in labels)
