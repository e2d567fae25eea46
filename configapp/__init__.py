"""System configuration: validated, audited, versioned, and changed exactly once through the queue.

`configapp.get("app.api_port")` reads it.
"""

from configapp.reader import get

__all__ = ["get"]
