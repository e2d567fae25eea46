"""An app of sample handlers: the well-behaved, the slow, the stubborn and the deadly."""
