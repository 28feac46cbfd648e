"""Tables and examples of docs/studies/*.md from the programme, figures from the examples: see docs/studies/update."""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

PAGES = Path("docs/studies")
EXECUTABLE = Path(".build/release/macrospin").resolve()
PLOT = Path(".venv/bin/macrospin-plot").resolve()

# Which of macrospin-plot's figures a page shows.
FIGURES = {
    "steadyState": "husimi", "gap": "gap-scaling", "rates": "barriers", "meanField": "phase-portrait", "branches": "branches", "instanton": "barriers",
    "quasiPotential": "quasi-potential", "transition": "transition", "spectrum": "spectrum", "exceptionalPoints": "exceptional-points", "evolve": "evolution",
    "coherenceRates": "coherence-rates", "landauZener": "landau-zener", "leggettGarg": "leggett-garg",
}
GREATEST_WIDTH, COLOURS = 1200, 128


def block(mark: str, text: str) -> str:
    return f"<!-- {mark} -->\n{text}\n<!-- /{mark} -->"


def update_tables(study: str) -> None:
    example = PAGES / "examples" / f"{study}.yaml"
    tables = subprocess.run([EXECUTABLE, "studies", study, "--markdown", "--job", example], check=True, capture_output=True, text=True).stdout
    page = PAGES / f"{study}.md"
    text = page.read_text()
    blocks = dict(re.findall(r"<!-- (\w+) -->\n(.*?)\n<!-- /\1 -->", tables, re.S))
    blocks["example"] = "```yaml\n" + example.read_text().strip("\n") + "\n```"
    for mark, content in blocks.items():
        text, count = re.subn(rf"<!-- {mark} -->.*?<!-- /{mark} -->", lambda _: block(mark, content), text, flags=re.S)
        if count != 1:
            raise SystemExit(f"{page}: expected one block <!-- {mark} -->, found {count}")
    page.write_text(text)


def update_figure(study: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        job = (PAGES / "examples" / f"{study}.yaml").resolve()
        subprocess.run([EXECUTABLE, "run", job, "--out", f"{folder}/run"], check=True, capture_output=True)
        subprocess.run([PLOT, f"{folder}/run/archive.h5", "--out", f"{folder}/plots"], check=True, capture_output=True)
        figure = Path(folder) / "plots" / f"{FIGURES[study]}.png"
        if not figure.exists():
            raise SystemExit(f"{study}: macrospin-plot drew no {figure.name}, but {', '.join(sorted(p.name for p in figure.parent.glob('*.png')))}")
        image = Image.open(figure).convert("RGB")
        if image.width > GREATEST_WIDTH:
            image = image.resize((GREATEST_WIDTH, round(image.height * GREATEST_WIDTH / image.width)), Image.LANCZOS)
        target = PAGES / "figures" / f"{study}.png"
        target.parent.mkdir(exist_ok=True)
        image.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
        print(f"{target}  {image.width} x {image.height}, {target.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(prog="docs/studies/update", description="Write tables, examples and figures of the study pages anew.")
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="default: all")
    parser.add_argument("--tables", action="store_true", help="leave the figures alone")
    options = parser.parse_args()
    for study in options.studies or FIGURES:
        if study not in FIGURES:
            parser.error(f"there is no study {study}; studies are {', '.join(FIGURES)}")
        update_tables(study)
        if not options.tables:
            update_figure(study)


if __name__ == "__main__":
    main()
