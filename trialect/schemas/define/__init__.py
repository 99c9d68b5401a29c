"""What a define.xml says of the datasets, and what must hold of a define.xml."""
