# SPDX-License-Identifier: GPL-2.0-only
"""Small changes of C sources, each of which some test must notice.

The sources are not parsed. Operators are found in the text of functions, outside of
comments, strings and preprocessor lines; a change that does not compile is no mutant.
"""

import re
from dataclasses import dataclass

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
LOGIC = {"&&": "||", "||": "&&"}
ARITHMETIC = {"+": "-", "-": "+", "+=": "-=", "-=": "+="}
SWAPS = {**COMPARISONS, **LOGIC, **ARITHMETIC}
# The longest first. The rest are no operators of ours, but begin like them.
TOKEN = re.compile(r"->|<<=|>>=|<<|>>|\+\+|--|[<>=!]=|&&|\|\||\+=|-=|[<>+-]")
# A sign, and not an operator between two values
AFTER_VALUE = re.compile(r"[\w)\]]\s*$")
KEYWORD = re.compile(r"\b(return|case|goto|sizeof)\s*$")
CHECK = re.compile(r"\bif \(")
RELEASE = re.compile(r"^\t+(\w*(?:free|unlock|put|release)\w*\([^;]*\);)", re.M)
HIDDEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\])\'|'
                    r"^[ \t]*#(?:\\\n|[^\n])*", re.S | re.M)
# Messages, assertions of the build, and attributes
NO_CODE = re.compile(r"\b(?:pr_\w+|static_assert|BUILD_BUG_ON|module_param\w*|MODULE_\w+)\s*\(")
FUNCTION = re.compile(r"^\w[^;={}]*?\b(\w+)\([^;{}]*\)[^;{}]*\n\{\n", re.M)


@dataclass
class Mutant:
    """One change: the text of [start, end) becomes @new."""
    file: str
    function: str
    line: int
    start: int
    end: int
    new: str
    what: str
    source: str

    @property
    def key(self):
        """Independent of line numbers, which move."""
        return f"{self.file} {self.function}() `{self.source}` {self.what}"

    def apply(self, text):
        return text[:self.start] + self.new + text[self.end:]


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def closing(text, at):
    """The position after the parenthesis that closes the one at @at."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if not depth:
            return i + 1
    raise ValueError("parentheses do not match")


def code_of(text):
    """The text with everything blank that is not mutated."""
    code = HIDDEN.sub(blank, text)
    for match in reversed(list(NO_CODE.finditer(code))):
        end = closing(code, match.end() - 1)
        code = code[:match.start()] + re.sub(r"[^\n]", " ", code[match.start():end]) + code[end:]
    return code


def functions(code):
    """Name, first and last position of the body of each function."""
    for match in FUNCTION.finditer(code):
        end = code.find("\n}\n", match.end())
        yield match.group(1), match.end(), end if end >= 0 else len(code)


def changes(code, start, end):
    """(start, end, new text, description) of each change in a body."""
    for match in TOKEN.finditer(code, start, end):
        before = code[max(start, match.start() - 40):match.start()]
        token = match.group()
        if token in SWAPS and AFTER_VALUE.search(before) and not KEYWORD.search(before):
            yield match.start(), match.end(), SWAPS[token], f"{token} to {SWAPS[token]}"
    for match in CHECK.finditer(code, start, end):
        yield match.end(), closing(code, match.end() - 1) - 1, "0", "without the check"
    for match in RELEASE.finditer(code, start, end):
        yield match.start(1), match.end(1), ";", f"without {match.group(1)}"


def mutants(file, text):
    """All mutants of a source, in the order of the text."""
    code = code_of(text)
    found = []
    for name, start, end in functions(code):
        seen = {}
        for begin, stop, new, what in sorted(changes(code, start, end)):
            line = text.count("\n", 0, begin) + 1
            source = text[text.rfind("\n", 0, begin) + 1:text.find("\n", begin)].strip()
            seen[source, what] = seen.get((source, what), 0) + 1
            if seen[source, what] > 1:
                what += f" ({seen[source, what]})"
            found.append(Mutant(file, name, line, begin, stop, new, what, source))
    return found
