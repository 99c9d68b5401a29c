"""trialect: a clinical trial's records, in every standard its readers live by."""

__version__ = "0.1.0"
