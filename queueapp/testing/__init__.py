"""The test kit: what a project's tests need to see, run, check and break its tasks, inside their own transaction.

With pytest: `pytest_plugins = ["queueapp.testing.plugin"]` in the root conftest.py, and the fixture `taskrunner`.
With Django's test cases: `class Tests(TaskrunnerMixin, TestCase)`, from queueapp.testing.cases, and `self.taskrunner`.
"""
