"""How formats are read and written, and the pipeline that joins the steps."""
