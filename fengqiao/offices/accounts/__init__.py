"""Accounts: opened and closed, passwords, the second factor with its recovery codes, passkeys."""
