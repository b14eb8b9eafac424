"""``report.md``: a run in a page of Markdown, for a pull-request comment or a job summary."""
