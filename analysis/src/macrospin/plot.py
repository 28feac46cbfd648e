"""`macrospin-plot ARCHIVE`: the figures of an archive as PNG and PDF at the width of a journal."""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import math
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from .archive import ArchiveError, open_archive, select
from .figures import Choice, attempt, figures_of
from .style import context, fit_width, page, width_of

EXAMPLES = """examples:
  macrospin-plot runs/demo/archive.h5            # every figure that the archive can give
  macrospin-plot runs/demo/archive.h5 --list     # which those are, and what the others need
  macrospin-plot runs/demo/archive.h5 --only gap gap-scaling --width single
  macrospin-plot runs/demo/archive.h5 --only size-limits map-expression --variable "jz2 - jz**2" --at Omega=0.5
"""

# Figures that most archives lack: what they need is told by --list, and where they are asked for.
QUIET = ("size-limits", "collapse", "crossings", "map")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        width = width_of(options.width)
        dataset = select(open_archive(archive_path(options.archive)), options.at)
        choice = Choice(options.variable, options.along, options.ratio)
        if options.list:
            print(listing(dataset, choice))
            return 0
        folder = Path(options.out) if options.out else plots_beside(Path(archive_path(options.archive)).resolve())
        written = plot_all(dataset, folder, only=options.only, choice=choice, width=width)
    except (ArchiveError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for path in written:
        print(path)
    return 0


def _finite(text: str) -> float:
    """A number that can be calculated with."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text} is no finite number")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="macrospin-plot", description="Draw the figures of an archive, each as PNG and PDF.", epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", help="archive written by macrospin run or macrospin merge, or the run directory that has one")
    parser.add_argument("--out", metavar="DIR", help="folder for the figures (default: plots beside archive.h5, STEM-plots beside an archive STEM.h5)")
    parser.add_argument("--list", action="store_true", help="tell which figures this archive can give, and what is missing for the others")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="draw these figures alone")
    parser.add_argument("--width", default="auto", help="single (3.375 in), double (7 in), a number of inches, or auto: single for one small panel, else double (default)")
    parser.add_argument("--variable", metavar="NAME", help='what size-limits, collapse, crossings and the map are of: a variable, or an expression such as "jz2 - jz**2"')
    parser.add_argument("--at", nargs="+", default=[], metavar="AXIS=VALUE", help="only the part of the archive at these values (the nearest there are)")
    parser.add_argument("--along", metavar="AXIS", help="axis that size-limits, collapse and crossings run along (default: that with most values)")
    parser.add_argument("--ratio", type=_finite, default=0.0, metavar="B", help="crossings are those of N^B times the variable (default 0)")
    return parser


def archive_path(text: str) -> str:
    """The archive itself, or that in a run directory: archive.h5, or else archive.partial.h5 of a run that is not finished."""
    path = Path(text)
    if not path.is_dir():
        return text
    for name in ("archive.h5", "archive.partial.h5"):
        if (path / name).exists():
            return str(path / name)
    lacking = f"{text}: the directory has neither archive.h5 nor archive.partial.h5"
    parts = sorted(part.name for part in path.glob("part-*") if part.is_dir())
    if parts:
        raise ArchiveError(f"{lacking}, but the parts {', '.join(parts[:4])}{' …' if len(parts) > 4 else ''}: name one of them, or make an archive of all: macrospin merge {text}/part-* -o {text}/archive.h5")
    if (path / "ledger").is_dir():
        raise ArchiveError(f"{lacking} yet, but a ledger: macrospin merge {text} -o FILE.h5 makes an archive of what is there")
    raise ArchiveError(f"{lacking}; macrospin run writes them")


def plots_beside(file: Path) -> Path:
    """Folder for the figures of an archive or a report: `plots` beside those of a run directory, `STEM-plots` beside others,
    since several may lie in one folder."""
    own = ("archive.h5", "archive.partial.h5", "report.html", "report.htm")
    return file.parent / ("plots" if file.name in own else f"{file.stem}-plots")


def _of_name(dataset, names: list[str] | None, choice: Choice) -> list:
    figures = figures_of(dataset, choice)
    if not names:
        return figures
    known = {figure.name: figure for figure in figures}
    for name in names:
        if name not in known:
            raise ArchiveError(f"--only {name}: there is no such figure; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def listing(dataset, choice: Choice = Choice()) -> str:
    """A line a figure: those that the archive can give, then those that it cannot with what is missing."""
    can, cannot = [], []
    with context(), contextlib.redirect_stderr(io.StringIO()):
        for figure in figures_of(dataset, choice):
            drawn, lacking = attempt(figure, dataset, choice)
            if drawn is not None:
                plt.close(drawn)
            (can if lacking is None else cannot).append((figure.name, figure.shows if lacking is None else lacking))
    width = max(len(name) for name, _ in can + cannot)
    lines = ["this archive can give"] + [f"  {name:<{width}}  {text}" for name, text in can] if can else ["this archive can give no figure"]
    if cannot:
        lines += ["", "it cannot give"] + [f"  {name:<{width}}  {text}" for name, text in cannot]
    return "\n".join(lines)


def drawn_figures(dataset, only: list[str] | None = None, choice: Choice = Choice(), width: float | None = None) -> tuple[list, list]:
    """([(Figure, matplotlib figure)], [(Figure, what is missing)]) at the width asked for; to be called within `context`."""
    drawn, left = [], []
    for figure in _of_name(dataset, only, choice):
        made, lacking = attempt(figure, dataset, choice)
        if made is None:
            left.append((figure, lacking))
        else:
            fit_width(made, width)
            drawn.append((figure, made))
    return drawn, left


def plot_all(dataset, folder: Path, *, only: list[str] | None = None, choice: Choice = Choice(), width: float | None = None) -> list[Path]:
    """Every figure the archive can give, or those of `only`; raises `ArchiveError` where that is none."""
    with context(width):
        drawn, left = drawn_figures(dataset, only, choice, width)
        if not drawn:
            reasons = "\n".join(f"  {figure.name}: {lacking}" for figure, lacking in left)
            raise ArchiveError(f"nothing can be plotted:\n{reasons}")
        _tell(left, only)
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for figure, made in drawn:
            written += save(made, folder / figure.name)
            plt.close(made)
    return written


def _tell(left: list, only: list[str] | None) -> None:
    """Notes on what is left out: each one that was asked for; else those whose studies are there, the rest in one line."""
    told = [(figure, lacking) for figure, lacking in left if only or not lacking.startswith("needs ") and figure.name not in QUIET]
    for figure, lacking in told:
        print(f"note: {figure.name} is left out: {lacking}", file=sys.stderr)
    if len(told) < len(left):
        print(f"note: {len(left) - len(told)} figures of other studies are left out (--list tells what they need)", file=sys.stderr)


def save(figure, stem: Path) -> list[Path]:
    """PNG, PDF, and the CSV of a figure that is a table."""
    # It finds the dates within some fonts odd and says so for every PDF.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    written, box = [], page(figure)
    for ending in ("png", "pdf"):
        written.append(stem.with_name(f"{stem.name}.{ending}"))
        figure.savefig(written[-1], bbox_inches=box)
    if (text := getattr(figure, "companion_csv", None)) is not None:
        written.append(stem.with_name(f"{stem.name}.csv"))
        written[-1].write_text(text)
    return written


if __name__ == "__main__":
    sys.exit(main())
