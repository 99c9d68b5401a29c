"""What is valid in Dataset-JSON 1.1, and the checks of a file."""
