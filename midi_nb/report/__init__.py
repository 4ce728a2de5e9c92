"""Reports: a page of HTML for people (`page`), the official tables and workbooks for other tools (`official`)."""
