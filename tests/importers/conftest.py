"""The command, called in this process."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def import_celery(tmp_path):
    """import_celery("--write"): what the command says of the project in `tmp_path`, as JSON, and its refusal."""

    def call(*words):
        out, refusal = StringIO(), None
        try:
            call_command("import_celery", str(tmp_path), "--json", *words, stdout=out)
        except CommandError as error:
            refusal = str(error)
        return json.loads(out.getvalue()), refusal

    return call
