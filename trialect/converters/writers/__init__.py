"""Writers: one file a target format."""
