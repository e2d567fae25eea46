"""How long, in words."""


def duration(seconds: float | None) -> str | None:
    """The two largest units, e.g. `340 ms`, `4.2 s`, `3 m 12 s`, `2 d 5 h`. None stays None."""
    if seconds is None:
        return None
    if seconds < 1:
        return f"{round(max(seconds, 0) * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, hours = int(seconds) // 60, int(seconds) // 3600
    if hours == 0:
        return f"{minutes} m {int(seconds) % 60} s"
    return f"{hours} h {minutes % 60} m" if hours < 24 else f"{hours // 24} d {hours % 24} h"
