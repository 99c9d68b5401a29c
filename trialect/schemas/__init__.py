"""What is valid: tables of facts with their provenance, and the checks that apply them."""
