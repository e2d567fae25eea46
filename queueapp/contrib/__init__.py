"""Bridges to interfaces of others. Nothing else imports them: a project switches on what it uses."""
