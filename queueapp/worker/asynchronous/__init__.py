"""Attempts of `async def` handlers: an event loop beside the main thread, and threads that are lent to them."""
