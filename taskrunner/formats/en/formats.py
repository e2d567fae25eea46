"""How pages write moments: to the second, since Django's own format stops at minutes."""

DATETIME_FORMAT = "Y-m-d H:i:s"
