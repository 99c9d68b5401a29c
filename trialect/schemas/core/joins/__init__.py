"""How records of two datasets are joined: on keys, as qualifiers, through RELREC, to parents."""
