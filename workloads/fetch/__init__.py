"""The fetch family: a web page's readable text, from addresses that may be called only."""
