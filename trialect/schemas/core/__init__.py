"""CDISC's rule language (CORE, the CDISC Open Rules Engine): rules as data, and what runs them."""
