"""The real settings, with the app of no-op handlers and the views that the API is held against."""

from taskrunner import settings as real
from taskrunner.settings import *

INSTALLED_APPS = [*real.INSTALLED_APPS, "benchmarks"]
ROOT_URLCONF = "benchmarks.bare"
