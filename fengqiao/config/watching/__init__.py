"""What operators watch: /metrics for Prometheus, and the same facts as sentences for `fengqiao check`.

    requests    how many and how long, counted by every web process into files that all of them read
    state       worker, jobs, outbox, journal, calendar, backups, disk: asked at each scrape, at a bounded price
    scrape      the address /metrics and who may read it
    checks      sentences for FENGQIAO_CHECKS

Labels are words of the program: never a person, a place, a number of a matter or free text.
"""
