# SPDX-License-Identifier: GPL-2.0-only
"""The table of the administrator's page: which steps have passed in which machine.

A hyphen is a step that a machine does not have, a question mark one that has not been run
since the step exists.
"""

import re

BEGIN, END = ".. debian.py begins", ".. debian.py ends"
OPEN, NONE = "?", "-"


def cells(text):
    """What the page says: {(step, machine): cell}."""
    part = text.split(f"{BEGIN}\n", 1)[1].split(f"\n{END}", 1)[0]
    rows = [re.split(r" {2,}", line.strip()) for line in part.splitlines()
            if line.strip() and not line.startswith("=")]
    return {(row[0], name): cell for row in rows[1:] for name, cell in zip(rows[0][1:], row[1:])}


def table(steps, known):
    """The table. @steps has the descriptions of the steps of each machine."""
    order = []
    for names in sorted(steps.values(), key=len, reverse=True):
        order = merged(order, names)
    rows = [["step", *steps]]
    rows += [[step, *(known.get((step, name), OPEN) if step in names else NONE
                      for name, names in steps.items())] for step in order]
    widths = [max(map(len, column)) for column in zip(*rows)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows]
    rule = "  ".join("=" * width for width in widths)
    return "\n".join([rule, text[0], rule, *text[1:], rule])


def merged(order, names):
    """@order with the steps of another machine, each before the next one that both have."""
    order = list(order)
    place = len(order)
    for name in reversed(names):
        if name in order:
            place = order.index(name)
        else:
            order.insert(place, name)
    return order


def put(text, steps, results):
    """The page with the results of a run; other cells stay."""
    known = cells(text) | results
    head, rest = text.split(f"{BEGIN}\n", 1)
    tail = rest.split(f"{END}\n", 1)[1]
    return f"{head}{BEGIN}\n\n{table(steps, known)}\n\n{END}\n{tail}"
