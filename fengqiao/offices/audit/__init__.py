"""The audit: roots over the chains of the journal, and their verification."""
