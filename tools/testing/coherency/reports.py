# SPDX-License-Identifier: GPL-2.0-only
"""Reads what the plugin wrote, and tells reports that are known from others."""

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import symbols

KNOWN = Path(__file__).with_name("known.toml")
RULES = Path(__file__).with_name("rules.toml")


@dataclass
class Report:
    """One kind of fault at one instruction."""
    kind: str
    count: int
    cpu: int
    el: int
    image: int
    pc: int
    words: bytes
    pa: int
    writer: int
    writer_words: bytes
    at: symbols.Place = None
    by: symbols.Place = None

    @property
    def ours(self):
        return self.at.ours or self.by.ours


@dataclass
class Log:
    """All that the plugin wrote in one run."""
    images: list
    reports: list
    end: dict
    machine: dict


def pairs(words):
    return dict(word.split("=", 1) for word in words)


def swap(text):
    """Instruction words as they are in memory."""
    return b"".join(bytes.fromhex(text[i:i + 8])[::-1] for i in range(0, len(text), 8))


def read_report(value):
    return Report(value["kind"], int(value["count"]), int(value["cpu"]), int(value["el"]),
                  int(value["image"]), int(value["pc"], 16), swap(value["words"]),
                  int(value["pa"], 16), int(value["writer"], 16), swap(value["writer_words"]))


def read(path):
    log = Log([], [], {}, {})
    for line in Path(path).read_text(encoding="ascii").splitlines():
        verb, *words = line.split()
        if verb == "image":
            value = pairs(words)
            log.images.append((int(value["pa"], 16), int(value["size"], 16)))
        elif verb == "report":
            log.reports.append(read_report(pairs(words)))
        elif verb == "end":
            log.end = pairs(words)
        elif verb == "machine":
            log.machine = pairs(words)
    return log


def locate(log, kernels):
    """Finds the places of all reports; @kernels has the one that runs after each entry."""
    for report in log.reports:
        number = min(max(report.image, 1), len(kernels))
        images = log.images[:report.image]
        for name, pc, words in (("at", report.pc, report.words),
                                ("by", report.writer, report.writer_words)):
            place = symbols.Place(text=f"{pc:#x}" if pc else "unknown")
            # What wrote may be the kernel before, and copied code is of either
            for kernel in (kernels[number - 1], kernels[max(number - 2, 0)]):
                address = kernel.address(pc, words, images) if kernel and pc else None
                if address:
                    place = kernel.place(address)
                    break
            if report.el == 0 and name == "at":
                place = symbols.Place(text=f"user space {pc:#x}")
            setattr(report, name, place)


class Known:
    """The list of reports of the base that are explained."""

    def __init__(self, path=KNOWN):
        with open(path, "rb") as stream:
            self.entries = tomllib.load(stream).get("known", [])
        for entry in self.entries:
            if not entry.get("why"):
                raise ValueError(f"{path}: an entry has no reason")

    def match(self, report):
        """Only code of the base can be known; ours must be without a report."""
        if report.ours:
            return None
        for entry in self.entries:
            if (re.fullmatch(entry["kind"], report.kind) and re.search(entry["at"], str(report.at))
                    and re.search(entry.get("by", ""), str(report.by))):
                return entry
        return None

    def unknown(self, log):
        return [report for report in log.reports if not self.ignored(report)
                and not self.match(report)]

    @staticmethod
    def ignored(report):
        """vmalloc() of the base leaves translations of freed areas for later."""
        return report.kind == "break-unflushed" and not report.by.ours


@functools.cache
def rules():
    """The meaning of each kind."""
    with open(RULES, "rb") as stream:
        return {kind: " ".join(text.split()) for kind, text in tomllib.load(stream).items()}


def spell(report):
    """The lines that describe a report."""
    yield f"{report.kind}: {report.at} (kernel {report.image}, EL{report.el}), {report.count} times"
    if report.writer:
        yield f"  written by: {report.by}"
    yield f"  rule: {rules()[report.kind]}"
