"""Mapping tables to begin with, as files; `trialect init` copies them into a study folder."""
