"""The real settings, and an app of sample handlers."""

from taskrunner import settings as real
from taskrunner.settings import *

INSTALLED_APPS = [*real.INSTALLED_APPS, "tests.samples"]
WHITENOISE_AUTOREFRESH = True  # static files need not be collected for a test
