"""`macrospin-report RUN`: one HTML file that tells what was run, how far it can be trusted, what came out, and what to cite."""

from __future__ import annotations

import argparse
import base64
import contextlib
import datetime
import io
import os
import re
import sys
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from jinja2 import Environment

from . import report_data as data
from .archive import ArchiveError, open_archive
from .figures import Choice
from .plot import QUIET, archive_path, drawn_figures, plots_beside, save
from .references import bibliography, methods
from .style import context, page, width_of

# Dots per inch of the figures within the page; the PDFs beside it have no such limit.
DOTS = 160


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        archive = Path(archive_path(options.run))
        target = _target(options.out, archive)
        for line in write_report(archive, target, only=options.only, choice=Choice(options.variable, options.along), width=width_of(options.width)):
            print(line)
    except (ArchiveError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="macrospin-report", description="Write an HTML report on a run or an archive: parameters, coverage, certificates, failures, figures, timing, and what to cite.",
                                     epilog="example: macrospin-report runs/demo", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN|ARCHIVE", help="run directory (also of a run that is not finished), or archive")
    parser.add_argument("-o", "--out", metavar="FILE|DIR", help="the HTML file, or a folder for report.html (default: report.html beside archive.h5, STEM.html beside an archive STEM.h5); PDFs go to the folder plots beside report.html, STEM-plots beside STEM.html")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these figures alone (macrospin-plot RUN --list names them)")
    parser.add_argument("--width", default="auto", help="of the figures, as in macrospin-plot")
    parser.add_argument("--variable", metavar="NAME", help="as in macrospin-plot")
    parser.add_argument("--along", metavar="AXIS", help="as in macrospin-plot")
    return parser


def _target(out: str | None, archive: Path) -> Path:
    if out is None:
        archive = archive.resolve()
        return archive.parent / ("report.html" if plots_beside(archive).name == "plots" else f"{archive.stem}.html")
    path = Path(out)
    if path.suffix.lower() in (".html", ".htm"):
        return path
    if path.is_file() or path.suffix and not path.is_dir() and not out.endswith("/"):
        raise ValueError(f"--out {out}: expected a file that ends in .html, or a folder (one with a dot in its name that is not there yet: {out}/)")
    return path / "report.html"


def write_report(archive: Path, target: Path, *, only=None, choice: Choice = Choice(), width: float | None = None) -> list[Path]:
    """Write the report and the PDFs of its figures; returns the paths written, the report first."""
    dataset = open_archive(archive)
    target.parent.mkdir(parents=True, exist_ok=True)
    plots = plots_beside(target)
    figures, left, written = [], [], []
    notes = io.StringIO()
    with context(width), contextlib.redirect_stderr(notes):
        drawn, missing = drawn_figures(dataset, only, choice, width)
        if drawn:
            plots.mkdir(exist_ok=True)
        for figure, made in drawn:
            inches = float(made.get_size_inches()[0])
            figures.append({"name": figure.name, "shows": figure.shows, "png": _png(made), "pdf": f"{quote(plots.name)}/{quote(figure.name)}.pdf", "width": round(inches * 96)})
            written += save(made, plots / figure.name)
            plt.close(made)
        left = [{"name": figure.name, "lacking": lacking} for figure, lacking in missing if only or not lacking.startswith("needs ") and figure.name not in QUIET]
    page = render(dataset, archive, figures, left, [line.removeprefix("note: ") for line in notes.getvalue().splitlines() if line])
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.write_text(page, encoding="utf-8")
    temporary.replace(target)
    return [target, *written]


def _png(figure) -> str:
    with io.BytesIO() as stream:
        figure.savefig(stream, format="png", dpi=DOTS, bbox_inches=page(figure))
        return base64.b64encode(stream.getvalue()).decode("ascii")


def render(dataset, archive: Path, figures: list[dict], left: list[dict], notes: list[str]) -> str:
    """The page as text; everything from the archive is escaped."""
    version = str(dataset.attrs.get("software_version", "unknown"))
    names = data.studies(dataset)
    job = str(dataset.attrs.get("job", ""))
    jobs = "\n".join(str(text) for name, text in dataset.attrs.items() if re.fullmatch(r"job(_\d+)?", str(name)))
    chosen = methods(names, set(map(str, dataset.data_vars)), {figure["name"] for figure in figures}, jobs)
    columns, rows = data.coverage(dataset)
    reasons, more_reasons = data.failures(dataset)
    listed, more_sources = data.sources(dataset)
    state = data.run_state(archive.resolve().parent)
    part, known = data.part_of_sweep(dataset, archive)
    pending = sum(row["counts"][columns.index("pending")] for row in rows) if "pending" in columns else 0
    laws, limits = data.findings(dataset)
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(resources.files(__package__).joinpath("report.html.jinja").read_text(encoding="utf-8"))
    return template.render(
        title=str(dataset.attrs.get("title", "")) or archive.stem, archive=str(archive), version=version, created=str(dataset.attrs.get("created", "unknown")),
        written=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), model=data.model_text(dataset), job=job, units=data.units(dataset),
        axes=data.axes(dataset), columns=columns, coverage=rows, total=sum(row["total"] for row in rows), pending=pending,
        unfinished=archive.name.endswith(".partial.h5") or (state or {}).get("state", "finished") not in ("finished",), state=state,
        certificates=data.certificates(dataset), reasons=reasons, more_reasons=more_reasons, figures=figures, left=left, notes=notes, timing=data.timing(dataset),
        part=part, known=known, sources=listed, more_sources=more_sources, laws=laws, limits=limits, methods=chosen, bibtex=bibliography(chosen, version))


if __name__ == "__main__":
    sys.exit(main())
