"""The kernel: one matter and its six steps. It names no domain.

Read in this order: `models` (the nouns), `domain` (what a domain declares), then the life of a matter:
`intake` · `route` · `handle` · `reply` · `archive` · `analyse`. Beside them stand `access` (who may see and do),
`journal` (what happened, provably), `docket` (one transaction's writes), `forms` (one declaration of each input) and
the pure modules `calendar`, `clocks`, `limits`, `lights`, `numbers`, `identity`, `masking`, `tokens`, `likeness`.
"""
