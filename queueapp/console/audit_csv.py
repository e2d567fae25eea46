"""The list of acts as a file for spreadsheets: as long as it may be, written while it is read."""

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, StreamingHttpResponse

from queueapp.console.access import Access
from queueapp.console.audit import tenant_slugs
from queueapp.console.audit_query import AuditForm
from queueapp.console.audit_sentences import sentence
from queueapp.console.pages import page
from queueapp.redaction import masked, masked_text

MOST_ROWS = 100_000
BATCH_ROWS = 1_000
COLUMNS = ("at", "who", "source", "action", "target", "tenant", "sentence", "detail")
# what a spreadsheet takes for a formula, also in the full width of East Asian letters
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


@page("audit/csv", name="audit_csv", title="Audit as CSV", model="operatoraction", own_scopes=True)
def audit_csv(request: HttpRequest, access: Access) -> StreamingHttpResponse:
    """What the filters of the list select, up to 100,000 rows; no transaction is open while they are sent."""
    form = AuditForm(request.GET)
    if not form.is_valid():
        raise BadRequest("; ".join(f"{name}: {' '.join(map(str, faults))}" for name, faults in form.errors.items()))
    response = StreamingHttpResponse(_lines(form, access), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{access.scope}.csv"'
    return response


class _Line:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def _lines(form: AuditForm, access: Access) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    before, left = None, MOST_ROWS
    while left > 0:
        with access.open():
            acts = form.acts(access, min(BATCH_ROWS, left), before=before)
            slugs = tenant_slugs(acts)
        for act in acts:
            tenant = slugs.get(act.tenant_id, "") if act.tenant_id else ""
            row = (act.at.isoformat(), act.actor, act.source, act.action, masked_text(act.target), tenant)
            yield writer.writerow([safe(cell) for cell in (*row, str(sentence(act)), _document(act.detail))])
        if len(acts) < BATCH_ROWS:
            return
        before, left = acts[-1].id, left - len(acts)
    yield writer.writerow([f"Only the newest {MOST_ROWS:,} are here: narrow the filters for older ones."])


def safe(cell: str) -> str:
    """As a spreadsheet reads it for the text that it is."""
    return f"'{cell}" if cell.startswith(FORMULAS) else cell


def _document(detail: Any) -> str:
    return json.dumps(masked(detail), ensure_ascii=False)
