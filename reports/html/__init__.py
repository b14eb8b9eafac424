"""``report.html``: one page that needs no network, made from what a run wrote down."""
