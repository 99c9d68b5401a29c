"""Registry records to and from Study."""
