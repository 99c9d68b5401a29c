"""What registries accept."""
