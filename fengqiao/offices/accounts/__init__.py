"""Accounts: opened and closed, passwords, the second factor and its recovery codes."""
