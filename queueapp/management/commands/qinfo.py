"""django-q2's qinfo, with our counters: what is wrong, the clusters, and what their tasks did lately."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from queueapp.management.base import PlatformCommand, acting
from queueapp.management.output import rfc3339, seconds
from queueapp.models import Cluster
from queueapp.tasks import queries
from queueapp.tasks.alerts import alerts


class Command(PlatformCommand):
    help = "Show what is wrong now, the live clusters and what tasks did in the last hour."

    def handle(self, **options: Any) -> None:
        wrong = alerts()
        with acting():
            clusters = queries.live_clusters()
            activity = queries.recent_activity(minutes=60)
            counts = queries.status_counts()
        if options["json"]:
            self.output.json(
                {
                    "alerts": [asdict(alert) for alert in wrong],
                    "clusters": [
                        {
                            "id": cluster.id,
                            "host": cluster.host,
                            **cluster.stat,
                            "drain_asked_at": cluster.drain_asked_at,
                        }
                        for cluster in clusters
                    ],
                    "last_hour": activity,
                    "tasks": counts,
                }
            )
            return
        for alert in wrong:
            self.output.line(f"{alert.message} {alert.advice}", style="red")
        self._show_clusters(clusters)
        self.output.line()
        self._show_activity(activity)

    def _show_clusters(self, clusters: Sequence[Cluster]) -> None:
        headers = ("cluster", "host", "pid", "status", "workers", "reincarnations", "since")
        rows = [
            [
                str(cluster.id),
                cluster.host,
                str(cluster.pid),
                "draining" if cluster.drain_asked_at else str(cluster.stat.get("status", "")),
                str(len(cluster.stat.get("workers", []))),
                str(cluster.stat.get("reincarnations", "")),
                rfc3339(cluster.started_at, timespec="seconds"),
            ]
            for cluster in clusters
        ]
        self.output.table(headers, rows)

    def _show_activity(self, activity: Sequence[dict[str, Any]]) -> None:
        rows = [
            [
                row["status"],
                f"{row['moves']:,}",
                f"{row['moves'] / 60:,.1f}",
                seconds(row["mean_wait_seconds"]),
                seconds(row["mean_run_seconds"]),
            ]
            for row in activity
        ]
        self.output.table(("in the last hour", "tasks", "a minute", "mean wait", "mean run"), rows)
