"""The state diagram of docs/lifecycle.md and ARCHITECTURE.md, drawn from states.TRANSITIONS.

`python -m tests.database.picture` redraws it.
"""

from collections import defaultdict
from pathlib import Path

from queueapp.states import FINAL, TRANSITIONS, Status

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "lifecycle.md"
PAGES = [PAGE, ROOT / "ARCHITECTURE.md"]
BEGIN, END = "<!-- drawn from queueapp/states.py -->\n", "<!-- end of the drawing -->\n"


def diagram() -> str:
    arrows: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for move in sorted(TRANSITIONS, key=lambda t: t.who):
        arrows[move.source or "[*]", move.target][move.reason].append(move.who)
    order = ["[*]", *Status]
    lines = [
        f"    {source} --> {target}: " + ", ".join(f"{reason} ({' or '.join(who)})" for reason, who in reasons.items())
        for (source, target), reasons in sorted(
            arrows.items(), key=lambda item: (order.index(item[0][0]), order.index(item[0][1]))
        )
    ]
    ends = [f"    {status} --> [*]" for status in Status if status in FINAL]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, *ends, "```", ""])


def drawn(page: str) -> str:
    """The part of the page between the marks. Raises ValueError where they are missing."""
    return page[page.index(BEGIN) + len(BEGIN) : page.index(END)]


def redrawn(page: str) -> str:
    return page[: page.index(BEGIN) + len(BEGIN)] + diagram() + page[page.index(END) :]


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(redrawn(page.read_text()))
