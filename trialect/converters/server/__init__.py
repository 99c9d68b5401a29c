"""A FHIR server: the connection to it, what is sent there and what is read back.

- `address`, `credentials`, `channel`, `session`: where it is, who we are, one request, many
- `parcels`, `journal`, `push`, `push_report`: bundles that go there
- `search`, `bulk_export`, `export_folder`, `gather`, `pull`: a study that comes from there
"""
