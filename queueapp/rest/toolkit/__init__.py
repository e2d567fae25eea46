"""What every endpoint shares: authentication, permissions, errors, paging, limits, waiting."""
