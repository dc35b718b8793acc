"""Django's PostgreSQL connection, with a health check that asks the line and not the server."""
