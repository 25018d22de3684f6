# SPDX-License-Identifier: GPL-2.0-only
"""Results of mutants, kept in build/mutants: a run that was stopped goes on, and one after a
change repeats only the mutants of changed files or of changed tests.
"""

import hashlib
import json
import threading
from pathlib import Path


def digest(*parts):
    """Of texts and of the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        total.update(b"%d\n" % len(data) + data)
    return total.hexdigest()[:20]


class Results:
    """A line of JSON for each result; a later one of the same key replaces it."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.known = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                self.known[entry["key"]] = entry["digest"], entry["result"]
            except (ValueError, KeyError):
                # The last line of a run that was stopped
                continue
        if text and not text.endswith("\n"):
            path.write_text(text + "\n", encoding="utf-8")

    def has(self, key, of):
        return self.known.get(key, ("", None))[0] == of

    def get(self, key, of, run):
        """The result of @key for the sources with the digest @of, from @run() if unknown."""
        if self.has(key, of):
            return self.known[key][1]
        result = run()
        entry = json.dumps({"key": key, "digest": of, "result": result})
        with self.lock, open(self.path, "a", encoding="utf-8") as stream:
            stream.write(entry + "\n")
            self.known[key] = of, result
        return result
