"""Figures of a list of times."""

import statistics


def figures(times: list[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum in seconds."""
    ordered = sorted(times)
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered), 3),
        "p95": round(ordered[int(len(ordered) * 0.95)] if len(ordered) > 1 else ordered[0], 3),
        "max": round(ordered[-1], 3),
    }
