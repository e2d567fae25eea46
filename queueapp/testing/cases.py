"""For tests that are classes of Django's."""

from typing import TYPE_CHECKING
from unittest import TestCase, TestResult

from queueapp.testing.kit import Kit, kit_in_use

if TYPE_CHECKING:
    Case = TestCase
else:
    Case = object


class TaskrunnerMixin(Case):
    """Before TestCase or TransactionTestCase: `self.taskrunner` is the test kit, another for each test."""

    taskrunner: Kit

    def run(self, result: TestResult | None = None) -> TestResult | None:
        """Around setUp too, which tests have of their own, and seldom call ours from."""
        with kit_in_use() as self.taskrunner:
            return super().run(result)
