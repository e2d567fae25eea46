"""Check every part of this installation, and say how to mend what is wrong."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from queueapp.doctor import Finding, check_everything
from queueapp.management.base import PlatformCommand
from queueapp.management.output import STYLES


class Command(PlatformCommand):
    help = "Check every part of this installation. Exits with 1 if one is at fault."
    requires_system_checks = ()  # what they need may be what is broken

    def handle(self, **options: Any) -> None:
        findings = []
        for finding in check_everything():
            findings.append(finding)
            if not options["json"]:
                self._show(finding)
        faults = sum(finding.level == "fault" for finding in findings)
        if options["json"]:
            self.output.json({"ok": not faults, "findings": [asdict(finding) for finding in findings]})
        if faults:
            raise CommandError(f"{faults} of {len(findings)} parts at fault.")

    def _show(self, finding: Finding) -> None:
        self.output.line(f"{finding.level:<8} {finding.part:<20} {finding.message}", STYLES[finding.level])
        if finding.fix:
            self.output.line(f"{'':29} fix: {finding.fix}")
