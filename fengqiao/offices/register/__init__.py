"""The register: a city's places and a year's calendar, loaded with a report of what changes first."""
