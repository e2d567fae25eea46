"""The console: where operators and tenants' people see what their tasks do, and act.

A page is declared once, on its view (pages.py); its address begins with a scope: `all`, or a tenant's slug.
"""
