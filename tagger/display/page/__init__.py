"""A page to browse tagged traces: one HTML file that needs nothing from elsewhere."""

from tagger.display.page.writer import PageAbout, PageWriter

__all__ = ["PageAbout", "PageWriter"]
