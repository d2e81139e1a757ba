#!/usr/bin/env python3
"""Draws what benches/scale.py measured: how size and times grow with the store.

usage: benches/scale_plot.py RESULTS.jsonl docs/figures/scale.svg
"""
import json
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, GAP = 290, 210, 62, 40, 40
COLOURS = ("#1b5e9b", "#c2571a", "#2e7d32", "#7b3fa0", "#8a6d00")
SUFFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def short(number):
    for size, suffix in SUFFIXES:
        if number >= size:
            return f"{number / size:g}{suffix}"
    return f"{number:g}"


class Panel:
    """Curves over the number of placements, both axes logarithmic. `curves`: name → [(x, y)]."""

    def __init__(self, title, unit, curves):
        self.title, self.unit, self.curves = title, unit, curves
        points = [point for curve in curves.values() for point in curve]
        self.x = self.decades([x for x, _ in points])
        self.y = self.decades([y for _, y in points])

    @staticmethod
    def decades(values):
        return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values) * 1.0001))

    def place(self, x, y):
        across = (math.log10(x) - self.x[0]) / (self.x[1] - self.x[0])
        up = (math.log10(y) - self.y[0]) / (self.y[1] - self.y[0])
        return across * WIDTH, HEIGHT - up * HEIGHT

    def svg(self, left):
        lines = [f'<g transform="translate({left},{TOP})">',
                 f'<text x="0" y="-16" class="title">{self.title} ({self.unit})</text>',
                 f'<rect width="{WIDTH}" height="{HEIGHT}" class="frame"/>']
        for power in range(self.x[0], self.x[1] + 1):
            x, _ = self.place(10 ** power, 10 ** self.y[0])
            lines.append(f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{HEIGHT}" class="grid"/>'
                         f'<text x="{x:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{short(10 ** power)}</text>')
        for power in range(self.y[0], self.y[1] + 1):
            _, y = self.place(10 ** self.x[0], 10 ** power)
            lines.append(f'<line x1="0" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}" class="grid"/>'
                         f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{short(10 ** power)}</text>')
        for number, (name, curve) in enumerate(self.curves.items()):
            colour = COLOURS[number % len(COLOURS)]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.place(*point) for point in curve))
            lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            lines += [f'<circle cx="{spot.split(",")[0]}" cy="{spot.split(",")[1]}" r="3" fill="{colour}"/>'
                      for spot in path.split()]
            lines.append(f'<text x="0" y="{HEIGHT + 38 + 15 * number}" style="fill:{colour}">— {name}</text>')
        return "\n".join([*lines, "</g>"])


def figure(panels):
    width = len(panels) * (LEFT + WIDTH + GAP)
    height = TOP + HEIGHT + 40 + 15 * max(len(panel.curves) for panel in panels)
    body = "\n".join(panel.svg(LEFT + number * (LEFT + WIDTH + GAP)) for number, panel in enumerate(panels))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
            '<style>text{font:12px sans-serif;fill:#222}.title{font-weight:bold}.grid{stroke:#ddd}'
            '.frame{fill:white;stroke:#888}</style>\n'
            f'<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n')


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        runs = sorted((json.loads(line) for line in file), key=lambda run: run["placements"])

    def curve(value):
        return [(run["placements"], value(run)) for run in runs]

    def times(group, name, which):
        return curve(lambda run: run[group][name][which])

    panels = [
        Panel("Size on disk", "octets", {
            "database": curve(lambda run: run["database_bytes"]),
            "of it, placements and their indexes": curve(lambda run: run["tables"]["placement"]["bytes"]),
            "large bodies": curve(lambda run: run["blobs_bytes"])}),
        Panel("Opening INBOX for the first time", "ms", {
            "SELECT, half of them": times("open", "SELECT INBOX, the first", "p50"),
            "SELECT, 99 of 100": times("open", "SELECT INBOX, the first", "p99"),
            "FETCH of all, 99 of 100": times("open", "FETCH all, the first", "p99")}),
        Panel("Commands, 1 000 waiting, 99 of 100", "ms", {
            name: times("commands", name, "p99")
            for name in ("SELECT INBOX", "FETCH envelope", "SEARCH SUBJECT", "STORE", "submission to one")}),
    ]
    panels.append(Panel("A letter to 5 000 of all", "ms", {
        "accepted, and in every INBOX": curve(lambda run: run["letter"]["accepted_ms"]),
        "then told to the last of 1 000 who wait": curve(lambda run: run["letter"]["told_last_ms"])}))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(figure(panels))


if __name__ == "__main__":
    main()
