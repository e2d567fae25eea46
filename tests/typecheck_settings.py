"""Settings for mypy alone: it imports the real ones, which want an environment."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-type-checking-0123456789abcdef")
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@localhost/nothing")

from tests.settings import *
