"""A folder of CTs: find them, segment and measure each, one table and one contact sheet for all."""
