"""The project's own `manage.py test` makes its database at either level; what it tests stands in shop/tests.py."""

# of what a later Django or Python takes away
NO_DEPRECATIONS = "error::DeprecationWarning,error::PendingDeprecationWarning"


def test_the_shops_tests_pass(shop, monkeypatch):
    monkeypatch.setitem(shop.environment, "PYTHONWARNINGS", NO_DEPRECATIONS)
    said = shop.manage("test", "shop", "-v", "1", errors=True)
    assert "\nOK" in said, said
