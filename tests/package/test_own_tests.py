"""The project's own `manage.py test` makes its database at either level; what it tests stands in shop/tests.py."""


def test_the_shops_tests_pass(shop):
    said = shop.manage("test", "shop", "-v", "1", errors=True)
    assert "\nOK" in said, said
