"""Accounts: opened and closed; units, posts and terms; passwords, the second factor, passkeys."""
