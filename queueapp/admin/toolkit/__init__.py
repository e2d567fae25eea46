"""What every admin page shares: listing without counting, pages by cursor, filters, formats."""
