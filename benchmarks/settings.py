"""The real settings, and the app of no-op handlers."""

from taskrunner import settings as real
from taskrunner.settings import *

INSTALLED_APPS = [*real.INSTALLED_APPS, "benchmarks"]
