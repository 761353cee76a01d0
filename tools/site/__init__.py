"""The pages: `python -m tools.site --out DIR` builds the site of the documentation, strictly."""
