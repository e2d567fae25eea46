"""The planted faults still fit the code; `make mutants` sees whether the tests notice them."""

import pytest

from tests.mutants.mutations import MUTATIONS, ROOT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_fault_fits_the_code(mutation):
    text = (ROOT / mutation.file).read_text()
    assert mutation.applied_to(text) != text
    assert mutation.why
    assert all((ROOT / test).is_file() for test in mutation.tests)


def test_names_are_unique():
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)
